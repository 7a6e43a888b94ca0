import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const root = join(import.meta.dirname, '..');
export const cacheDir = join(root, '.cache', 'bench');
export const python = join(root, '.venv', 'bin', 'python');

/**
 * A CLIP ViT-B/32 with random weights of a fixed seed, as checkpoint and as bundle (fp32 and int8), made on first use
 * with the offline tools in some two minutes: what a model costs does not depend on its weights.
 * @throws {Error} without a Python environment that has tools/requirements.txt
 */
export async function randomBundle(): Promise<{ checkpoint: string; bundle: string }> {
  const checkpoint = join(cacheDir, 'vit-b-32-checkpoint');
  const bundle = join(cacheDir, 'vit-b-32');
  if (existsSync(join(bundle, 'onnx', 'vision_model_quantized.onnx'))) return { checkpoint, bundle };
  if (!existsSync(python))
    throw new Error('python3 -m venv .venv && .venv/bin/pip install -r tools/requirements.txt, then again');
  process.stderr.write('making a random ViT-B/32, once\n');
  await mkdir(cacheDir, { recursive: true });
  const run = (script: string, ...args: string[]) =>
    promisify(execFile)(python, [join(root, 'tools', script), ...args]);
  const draft = `${bundle}-draft`;
  await rm(draft, { recursive: true, force: true });
  await run('reference/random_clip.py', checkpoint);
  await run('export/export.py', checkpoint, draft, '--variants', 'int8');
  await rename(draft, bundle);
  return { checkpoint, bundle };
}
