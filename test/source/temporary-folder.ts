import type { ExecutionContext } from 'ava';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** A folder that is gone after the test. Files named by a list hold their own names. */
export async function temporaryFolder(
  t: ExecutionContext,
  files: readonly string[] | Readonly<Record<string, string | Uint8Array>> = [],
): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tuhai-source-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const entries = Array.isArray(files)
    ? files.map((name: string) => [name, name] as const)
    : Object.entries(files);
  for (const [name, content] of entries) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), content);
  }
  return folder;
}
