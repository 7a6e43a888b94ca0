import { readFile } from 'node:fs/promises';

/** Linux counts in hundredths of a second, whatever its kernel's own tick is. */
const msPerTick = 10;

/**
 * CPU time that a process and all its threads have used, ms, and on request that of its children that have ended and were
 * waited for; NaN where there is no /proc.
 */
export async function cpuMsOf(pid: number, { endedChildren = false } = {}): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // The name stands in brackets and may hold anything; utime, stime, cutime and cstime are the 12th to 15th fields after it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = fields.slice(11, endedChildren ? 15 : 13);
  return ticks.length === 0 ? NaN : ticks.reduce((sum, field) => sum + Number(field), 0) * msPerTick;
}

/** CPU time of this process since `before`, ms. */
export function ownCpuMs(before?: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}
