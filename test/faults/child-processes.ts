import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';

/** Process ids of the workers that a tuhai command supervises. */
export function workersOf(pid: number | undefined): number[] {
  const lines = execFileSync('ps', ['-e', '-o', 'pid=,ppid=,args='], { encoding: 'utf8' }).split('\n');
  return lines
    .map((line) => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line))
    .filter((match) => Number(match?.[2]) === pid && match?.[3]?.includes('worker-process'))
    .map((match) => Number(match?.[1]));
}

/** Waits until there is another worker than those of `before`. */
export async function nextWorker(pid: number | undefined, before: readonly number[] = []): Promise<number> {
  for (;;) {
    const found = workersOf(pid).find((worker) => !before.includes(worker));
    if (found !== undefined) return found;
    await sleep(50);
  }
}
