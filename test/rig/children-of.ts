import { readdirSync, readFileSync } from 'node:fs';

/**
 * Process ids of the processes that `pid` has started and whose command line holds `program`. Read from /proc: a bare
 * Debian has no `ps`.
 */
export function childrenOf(pid: number | undefined, program: string): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((candidate) => candidate > 0)
    .filter((candidate) => {
      try {
        // pid (name) state ppid …; a name may hold anything, so what follows is read from its last parenthesis.
        const status = readFileSync(`/proc/${candidate}/stat`, 'utf8');
        const parent = Number(status.slice(status.lastIndexOf(')') + 2).split(' ')[1]);
        return parent === pid && readFileSync(`/proc/${candidate}/cmdline`, 'utf8').includes(program);
      } catch {
        // It has ended meanwhile.
        return false;
      }
    });
}
