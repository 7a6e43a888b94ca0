import { readFile } from 'node:fs/promises';

/** Linux counts in hundredths of a second, whatever its kernel's own tick is. */
const msPerTick = 10;

/** CPU time that a process and all its threads have used, ms; NaN where there is no /proc. */
export async function cpuMsOf(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // The name stands in brackets and may hold anything; utime and stime are the 12th and 13th fields after it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * msPerTick;
}

/** CPU time of this process since `before`, ms. */
export function ownCpuMs(before?: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}
