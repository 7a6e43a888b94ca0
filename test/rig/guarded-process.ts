import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

export interface GuardedProcess {
  readonly pid: number;
  /** What it printed so far, the last part of it. */
  output(): string;
  /** Waits until `isReady`; throws with the output when the program ends first, or after 60 s. */
  ready(isReady: () => Promise<boolean>): Promise<void>;
  stop(): Promise<void>;
}

/**
 * The program runs under a shell that reads a pipe from this process: when that ends, because `stop` closed it or this
 * process died in whatever way (SIGKILL too), the shell stops the program and removes `scratch`.
 */
const guard = `
exec 3<&0
scratch=$1 signal=$2; shift 2
"$@" </dev/null 3<&- &
program=$!
( read -r line <&3; kill -"$signal" "$program"; sleep 5; kill -KILL "$program" ) 2>/dev/null >&2 &
guard=$!
wait "$program"; code=$?
kill "$guard"
[ -z "$scratch" ] || rm -rf -- "$scratch"
exit "$code"
`;

const outputCharactersMax = 8_000;
const readyTimeoutMs = 60_000;

/** Starts a program that cannot outlive this process. */
export function guardedProcess(
  command: readonly [string, ...string[]],
  options: {
    scratch?: string;
    stopSignal?: 'TERM' | 'INT' | 'QUIT';
    owner?: { uid: number; gid: number } | undefined;
    env?: Record<string, string>;
  } = {},
): GuardedProcess {
  const { scratch = '', stopSignal = 'TERM', owner, env } = options;
  const child = spawn('sh', ['-c', guard, 'guard', scratch, stopSignal, ...command], {
    stdio: ['pipe', 'pipe', 'pipe'],
    // A process group of its own: Ctrl-C at the tests reaches it through the guard alone, once.
    detached: true,
    cwd: scratch === '' ? '/' : scratch,
    env: { PATH: process.env['PATH'], ...env },
    ...owner,
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-outputCharactersMax);
    });
  }
  letTestEnd(child);
  const exit = once(child, 'exit');
  exit.catch(() => {
    output += 'it could not be started';
  });
  const hasEnded = (): boolean => child.exitCode !== null || child.signalCode !== null;

  return {
    pid: child.pid ?? 0,
    output: () => output,
    ready: async (isReady) => {
      const giveUpAt = Date.now() + readyTimeoutMs;
      while (!(await isReady())) {
        if (hasEnded() || Date.now() > giveUpAt) {
          child.stdin.end();
          throw new Error(`${command[0]} ${hasEnded() ? 'ended' : 'is not ready'}:\n${output}`);
        }
        await sleep(50);
      }
    },
    stop: async () => {
      child.ref();
      child.stdin.end();
      if (!hasEnded()) await exit;
    },
  };
}

/** A service that was never stopped must not keep the test process from ending; its end then stops the service. */
function letTestEnd(child: ChildProcess): void {
  child.unref();
  for (const stream of child.stdio) {
    if (stream && 'unref' in stream && typeof stream.unref === 'function') stream.unref();
  }
}
