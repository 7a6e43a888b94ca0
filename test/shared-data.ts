import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ExecutionContext } from 'ava';

const folder = process.env['TUHAI_TEST_DATA'] ?? fileURLToPath(new URL('../../shared/data', import.meta.url));

/** Path of test data that is not part of the repository; undefined, and said so, where it is not there. */
export function sharedData(t: ExecutionContext, ...path: string[]): string | undefined {
  const full = resolve(join(folder, ...path));
  if (existsSync(full)) return full;
  t.pass();
  t.log(`skipped: ${full} is not there (TUHAI_TEST_DATA says where it is)`);
  return undefined;
}
