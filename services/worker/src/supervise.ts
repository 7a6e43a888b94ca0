import { fork, type ChildProcess } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { UsageError } from '@tuhai/core/usage-error';
import type { Logger } from 'pino';

export type WorkerMessage = { type: 'ready' } | { type: 'fatal'; message: string; usage: boolean };

export interface Supervisor {
  /** Process ids of the workers alive now. */
  readonly pids: number[];
  /** Lets every worker finish what it holds, and waits for that. */
  close(): Promise<void>;
}

/**
 * Keeps so many worker processes alive: one a core on CPU, as a run of onnxruntime blocks its process's event
 * loop, and so that a native crash costs one process only. One that dies is replaced.
 * @param options.env their whole environment: the configuration.
 * @throws {UsageError} when they cannot start for want of something only the user can mend.
 */
export async function supervise(options: {
  processes: number;
  env: NodeJS.ProcessEnv;
  log: Logger;
  module?: URL;
}): Promise<Supervisor> {
  const { log } = options;
  const children = new Set<ChildProcess>();
  const closing = new AbortController();

  async function start(): Promise<void> {
    const child = fork(options.module ?? new URL('worker-process.js', import.meta.url), {
      env: { UV_THREADPOOL_SIZE: String(decodeThreads(options.processes)), ...options.env },
      execArgv: [...process.execArgv, ...workerFlags],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    children.add(child);
    const ended = new Promise<string>((resolve) => {
      child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`));
    });
    void ended.then(() => children.delete(child));
    const first = await Promise.race([
      new Promise<WorkerMessage>((resolve) => child.once('message', resolve)),
      ended.then((how): WorkerMessage => ({
        type: 'fatal',
        message: `A worker ended at once: ${how}`,
        usage: false,
      })),
    ]);
    if (first.type === 'fatal') throw first.usage ? new UsageError(first.message) : new Error(first.message);
    void ended.then((how) => replace(child, how));
  }

  async function replace(child: ChildProcess, how: string): Promise<void> {
    for (let waitMs = 250; ; waitMs = Math.min(30_000, waitMs * 2)) {
      if (closing.signal.aborted) return;
      log.warn({ pid: child.pid, how }, 'worker process died, starting another');
      try {
        await start();
        return;
      } catch (error) {
        log.error({ error: (error as Error).message }, 'worker process cannot start');
        await sleep(waitMs, undefined, { signal: closing.signal }).catch(() => undefined);
      }
    }
  }

  async function close(): Promise<void> {
    closing.abort();
    await Promise.all([...children].map((child) => endOf(child)));
  }

  try {
    await Promise.all(Array.from({ length: options.processes }, start));
  } catch (error) {
    await close();
    throw error;
  }
  return {
    close,
    get pids() {
      return [...children].map(({ pid }) => pid as number);
    },
  };
}

/**
 * Files and pixels count towards V8's limit as if they were its own, and that is a little above what a worker keeps: it
 * walked through the whole heap every 17 pictures. One thread collects, as the others would take the cores from decoding.
 */
export const workerFlags = ['--initial-old-space-size=256', '--single-threaded-gc'];

/** Decoding uses libuv's pool: all processes' together keep every core busy, and waiting for files besides. */
export const decodeThreads = (processes: number): number =>
  Math.max(4, 2 * Math.ceil(availableParallelism() / processes));

function endOf(child: ChildProcess): Promise<unknown> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  return ended;
}
