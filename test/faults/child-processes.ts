import { setTimeout as sleep } from 'node:timers/promises';
import { childrenOf } from '../rig/children-of.js';

/** Process ids of the workers that a tuhai command supervises. */
export const workersOf = (pid: number | undefined): number[] => childrenOf(pid, 'worker-process');

/** Waits until there is another worker than those of `before`. */
export async function nextWorker(pid: number | undefined, before: readonly number[] = []): Promise<number> {
  for (;;) {
    const found = workersOf(pid).find((worker) => !before.includes(worker));
    if (found !== undefined) return found;
    await sleep(50);
  }
}
