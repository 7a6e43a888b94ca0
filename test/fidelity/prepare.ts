import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { repositoryRoot } from '../rig/find-program.js';
import type { Model } from './models.js';
import type { Python } from './python.js';

/** Folders of one model: what transformers reads, and what Tuhai reads. */
export interface Prepared {
  /** A checkpoint, or a bundle whose graphs are the reference themselves. */
  reference: string;
  /** With all variants, but for a bundle that is taken as it is. */
  bundle: string;
  /** Of this model's own, for what is made from it. */
  folder: string;
}

/** Makes checkpoint and bundle in the cache, unless they lie there from the same tools and weights. */
export async function prepare(
  { name, kind }: Model,
  cache: string,
  python: Python,
  say: (what: string) => void,
): Promise<Prepared> {
  const folder = join(cache, name.replaceAll(/[^\w]+/g, '-').toLowerCase());
  if ('graphs' in kind) return { reference: kind.graphs, bundle: kind.graphs, folder };
  const prepared = { reference: join(folder, 'checkpoint'), bundle: join(folder, 'bundle'), folder };
  const madeFrom = await hashOf([
    ...(await filesIn(join(repositoryRoot, 'tools', 'export'), '.py')),
    ...(await filesIn(join(repositoryRoot, 'tools', 'fidelity'), '.py')),
    ...('bundle' in kind
      ? await filesIn(join(kind.bundle, 'onnx'), '.onnx')
      : [join(kind.tokenizer, 'tokenizer.json')]),
  ]);
  const mark = join(folder, 'made-from.txt');
  if ((await readFile(mark, 'utf8').catch(() => '')) === madeFrom) return prepared;
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  say('checkpoint');
  if ('bundle' in kind) await python('export/checkpoint.py', kind.bundle, prepared.reference);
  else
    await python('fidelity/random_checkpoint.py', kind.random, kind.size, kind.tokenizer, prepared.reference);
  say('export as fp32, fp16 and int8');
  await python('export/export.py', prepared.reference, prepared.bundle, '--variants', 'fp16', 'int8');
  await writeFile(mark, madeFrom);
  return prepared;
}

async function filesIn(dir: string, ending: string): Promise<string[]> {
  return (await readdir(dir)).filter((name) => name.endsWith(ending)).map((name) => join(dir, name));
}

async function hashOf(files: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const file of [...files].sort()) hash.update(await readFile(file));
  return hash.digest('hex');
}
