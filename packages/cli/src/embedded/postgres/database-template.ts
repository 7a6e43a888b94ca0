import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PGlite } from '@electric-sql/pglite';
import { vector } from '@electric-sql/pglite-pgvector';

/**
 * Path of an empty database with the vector extension, to be copied: making one (initdb) takes some four CPU
 * seconds, copying it a tenth of one. It is made beside this file when it is first asked for, by `npm ci` as a rule.
 * Undefined where it is missing and may not be made, as when somebody else has installed Tuhai.
 */
export async function databaseTemplate(): Promise<string | undefined> {
  const template = fileURLToPath(new URL(`./template-${pgliteVersion()}`, import.meta.url));
  if (may(template, constants.R_OK)) return template;
  if (existsSync(template) || !may(dirname(template), constants.W_OK)) return undefined;
  const draft = mkdtempSync(`${template}-draft-`);
  const database = await PGlite.create(draft, { extensions: { vector } });
  await database.exec('create extension vector; checkpoint');
  await database.close();
  makeReadable(draft);
  try {
    renameSync(draft, template);
  } catch (error) {
    // Another process was faster.
    rmSync(draft, { recursive: true });
    if (!existsSync(template)) throw error;
  }
  return template;
}

function may(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}

/** Installed by root, used by anybody: it holds no secret. */
function makeReadable(directory: string): void {
  chmodSync(directory, 0o755);
  for (const entry of readdirSync(directory, { withFileTypes: true, recursive: true })) {
    chmodSync(join(entry.parentPath, entry.name), entry.isDirectory() ? 0o755 : 0o644);
  }
}

function pgliteVersion(): string {
  const manifest = new URL('../package.json', import.meta.resolve('@electric-sql/pglite'));
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version;
}
