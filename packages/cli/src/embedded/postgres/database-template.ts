import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { PGlite } from '@electric-sql/pglite';
import { vector } from '@electric-sql/pglite-pgvector';

/**
 * Path of an empty database with the vector extension, to be copied: making one (initdb) takes some four CPU
 * seconds, copying it a tenth of one. It is made beside this file when it is first asked for, by `npm ci` as a rule.
 */
export async function databaseTemplate(): Promise<string> {
  const template = fileURLToPath(new URL(`./template-${pgliteVersion()}`, import.meta.url));
  if (existsSync(template)) return template;
  const draft = mkdtempSync(`${template}-draft-`);
  const database = await PGlite.create(draft, { extensions: { vector } });
  await database.exec('create extension vector; checkpoint');
  await database.close();
  try {
    renameSync(draft, template);
  } catch (error) {
    // Another process was faster.
    rmSync(draft, { recursive: true });
    if (!existsSync(template)) throw error;
  }
  return template;
}

function pgliteVersion(): string {
  const manifest = new URL('../package.json', import.meta.resolve('@electric-sql/pglite'));
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version;
}
