import { linkSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { processStart } from './process-identity.js';

/** Written into the lock: who holds it and where its server listens. */
export interface LockHolder {
  pid: number;
  start: string;
  databaseUrl: string;
}

const lockName = /^postgres\.lock\.(\d+)$/;

/**
 * Takes the lock on a home's database for this process, for as long as it lives; undefined if another live
 * process holds it.
 *
 * Locks are numbered. The highest counts, and it stays when its holder has gone: taking over is creating the next
 * number, which only one process can do, so there is no moment between "the lock is stale" and "the lock is mine".
 */
export function acquireDataDirectoryLock(home: string, databaseUrl: string): LockHolder | undefined {
  const highest = lockNumbers(home).at(-1) ?? 0;
  if (highest > 0 && readLiveHolder(lockPath(home, highest))) return undefined;
  const holder = { pid: process.pid, start: processStart(process.pid) ?? '', databaseUrl };
  const draft = join(home, `postgres.lock.draft-${process.pid}`);
  writeFileSync(draft, JSON.stringify(holder));
  try {
    // A link appears with its content, and fails if the name is taken.
    linkSync(draft, lockPath(home, highest + 1));
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return undefined;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  // Others may have taken and left higher numbers between our look and our link.
  const numbers = lockNumbers(home);
  if (numbers.at(-1) !== highest + 1) {
    rmSync(lockPath(home, highest + 1), { force: true });
    return undefined;
  }
  for (const number of numbers.slice(0, -1)) rmSync(lockPath(home, number), { force: true });
  return holder;
}

/** The live process that holds the lock of `home`, if there is one. */
export function dataDirectoryLockHolder(home: string): LockHolder | undefined {
  const highest = lockNumbers(home).at(-1);
  return highest === undefined ? undefined : readLiveHolder(lockPath(home, highest));
}

function readLiveHolder(path: string): LockHolder | undefined {
  try {
    const holder = JSON.parse(readFileSync(path, 'utf8')) as LockHolder;
    return processStart(holder.pid) === holder.start ? holder : undefined;
  } catch (error) {
    // Replaced by a higher number since it was listed.
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

function lockNumbers(home: string): number[] {
  const numbers = readdirSync(home).flatMap((name) => lockName.exec(name)?.[1] ?? []);
  return numbers.map(Number).sort((a, b) => a - b);
}

function lockPath(home: string, number: number): string {
  return join(home, `postgres.lock.${number}`);
}
