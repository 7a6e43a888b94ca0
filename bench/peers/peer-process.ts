import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { cpuMsOf } from '../cpu-time.js';
import type { Measured } from '../measured.js';
import type { PeerTask } from './serve-peer.js';

export interface Peer {
  /** All of a task's pictures, and the embeddings of the first. */
  measure(task: PeerTask): Promise<Measured & { embeddings: number[][] }>;
  close(): Promise<void>;
}

/** One way to embed pictures, in as many processes as its kind asks for; they share each task's pictures. */
export async function startPeer(command: readonly [string, ...string[]], processes = 1): Promise<Peer> {
  const children = await Promise.all(Array.from({ length: processes }, () => startProcess(command)));
  return {
    async measure({ files, batchSize }) {
      const shares = children.map((_, share) => files.filter((_file, i) => i % processes === share));
      await Promise.all(children.map((child, i) => child.ask({ files: shares[i], batchSize })));
      const spent = async () => {
        const each = await Promise.all(children.map(({ pid }) => cpuMsOf(pid, { endedChildren: true })));
        return each.reduce((a, b) => a + b, 0);
      };
      const cpuBeforeMs = await spent();
      const startedMs = performance.now();
      const [first] = await Promise.all(children.map((child) => child.ask('')));
      const seconds = (performance.now() - startedMs) / 1_000;
      return {
        imagesPerSecond: files.length / seconds,
        cpuMsPerImage: ((await spent()) - cpuBeforeMs) / files.length,
        embeddings: first as number[][],
      };
    },
    async close() {
      await Promise.all(children.map((child) => child.close()));
    },
  };
}

async function startProcess([program, ...args]: readonly [string, ...string[]]) {
  const child = spawn(program, args, {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, UV_THREADPOOL_SIZE: '4' },
  });
  const exited = once(child, 'exit');
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const answer = async (): Promise<unknown> => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`${program} ${args.join(' ')} ended`);
    return JSON.parse(value as string);
  };
  await answer();
  return {
    pid: child.pid ?? 0,
    ask(message: unknown): Promise<unknown> {
      child.stdin.write(message === '' ? '\n' : `${JSON.stringify(message)}\n`);
      return answer();
    },
    async close() {
      child.stdin.end();
      await exited;
    },
  };
}
