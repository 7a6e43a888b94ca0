import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ExecutionContext } from 'ava';
import { repositoryRoot } from '../rig/find-program.js';

export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface RunningTuhai {
  child: ChildProcess;
  /** What it said so far. */
  stderr(): string;
  /** Waits until stderr has it. */
  says(pattern: RegExp): Promise<void>;
  ended: Promise<Ended>;
}

const bin = join(repositoryRoot, 'packages', 'cli', 'bin', 'tuhai.js');
/** A command that takes longer hangs. */
const timeoutMs = 240_000;

/** Starts the tuhai command with this environment and nothing else of ours; it ends with the test. */
export function startTuhai(
  t: ExecutionContext,
  args: readonly string[],
  options: { env?: Record<string, string>; stdin?: string } = {},
): RunningTuhai {
  const child = spawn(process.execPath, [bin, ...args], {
    env: { PATH: process.env['PATH'], LOG_LEVEL: 'info', WORKER_PROCESSES: '1', ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin.end(options.stdin ?? '');
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const timer = setTimeout(() => {
    stderr += `\nkilled by the test after ${timeoutMs} ms`;
    child.kill('SIGKILL');
  }, timeoutMs);
  const ended = once(child, 'close').then(([code]) => {
    clearTimeout(timer);
    return { code: code as number | null, stdout, stderr };
  });
  t.teardown(async () => {
    child.kill('SIGTERM');
    await ended;
  });
  return {
    child,
    ended,
    stderr: () => stderr,
    says: async (pattern) => {
      while (!pattern.test(stderr)) {
        if (child.exitCode !== null || child.signalCode !== null) throw new Error(`tuhai ended: ${stderr}`);
        await sleep(20);
      }
    },
  };
}

/** Runs a command to its end. */
export function tuhai(...args: Parameters<typeof startTuhai>): Promise<Ended> {
  return startTuhai(...args).ended;
}

/** Runs a command with `--json`, asserts its exit code, and answers with its document. */
export async function tuhaiJson<T = Record<string, unknown>>(
  t: ExecutionContext,
  args: readonly string[],
  options: { env?: Record<string, string>; code?: number } = {},
): Promise<T> {
  const { code, stdout, stderr } = await tuhai(t, [...args, '--json'], options);
  t.is(code, options.code ?? 0, `tuhai ${args.join(' ')}: ${stderr}`);
  return JSON.parse(stdout) as T;
}
