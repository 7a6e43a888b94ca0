import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/** What became of a file that a process of its own decoded. */
export interface Decoded {
  file: string;
  /** `ok`, a failure code, or what happened to the process. */
  result: string;
  message: string;
  wallMs: number;
  /** The child's peak resident memory so far. */
  peakMb: number;
}

/**
 * Decodes files one after the other in a child process; a child that dies or hangs costs only the file it was at.
 * @param timeoutMs after which a child counts as hung
 */
export async function decodeInChild(files: readonly string[], timeoutMs: number): Promise<Decoded[]> {
  const results: Decoded[] = [];
  let child: ChildProcess | undefined;
  for (const file of files) {
    child ??= fork(fileURLToPath(new URL('decode-child.ts', import.meta.url)), {
      execArgv: ['--import=tsx'],
    });
    child.send(file);
    const settled = new AbortController();
    const { signal } = settled;
    const outcome = await Promise.race([
      once(child, 'message', { signal }).then(([message]) => message as Decoded),
      once(child, 'exit', { signal }).then(([code, by]) => `crashed with ${by ?? code}`),
      delay(timeoutMs, 'hung', { signal }),
    ]).finally(() => settled.abort());
    if (typeof outcome === 'string') {
      results.push({ file, result: outcome, message: '', wallMs: timeoutMs, peakMb: 0 });
      child.kill('SIGKILL');
      child = undefined;
    } else {
      results.push(outcome);
    }
  }
  child?.kill();
  return results;
}
