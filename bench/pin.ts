import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** Keeps processes, all their threads and what they start from now on to some of the machine's cores, by number. Linux only. */
export async function pin(pids: readonly number[], cores: readonly number[]): Promise<void> {
  for (const pid of pids) await promisify(execFile)('taskset', ['-apc', cores.join(','), String(pid)]);
}
