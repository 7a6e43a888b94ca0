import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const root = join(import.meta.dirname, '..');
export const cacheDir = join(root, '.cache', 'bench');
export const python = join(root, '.venv', 'bin', 'python');

/**
 * A CLIP ViT-B/32 with random weights of a fixed seed, made on first use with the offline tools in some minutes: what a
 * model costs does not depend on its weights. As checkpoint, as our bundle and as a plain one, with the graphs that
 * other exporters write; both in fp32 and int8.
 * @throws {Error} without a Python environment that has tools/requirements.txt
 */
export async function randomBundle(): Promise<Record<'checkpoint' | 'bundle' | 'plain', string>> {
  const checkpoint = join(cacheDir, 'vit-b-32-checkpoint');
  const bundle = join(cacheDir, 'vit-b-32-lean');
  const plain = join(cacheDir, 'vit-b-32-plain');
  if (existsSync(plain)) return { checkpoint, bundle, plain };
  if (!existsSync(python))
    throw new Error('python3 -m venv .venv && .venv/bin/pip install -r tools/requirements.txt, then again');
  process.stderr.write('making a random ViT-B/32, once\n');
  await mkdir(cacheDir, { recursive: true });
  const run = (script: string, ...args: string[]) =>
    promisify(execFile)(python, [join(root, 'tools', script), ...args]);
  const draft = `${plain}-draft`;
  await rm(draft, { recursive: true, force: true });
  await run('reference/random_clip.py', checkpoint);
  await run('export/export.py', checkpoint, bundle, '--variants', 'int8');
  await run('reference/export_plain.py', checkpoint, draft, '--variants', 'int8');
  // The last thing made, and the sign that all is there.
  await rename(draft, plain);
  return { checkpoint, bundle, plain };
}
