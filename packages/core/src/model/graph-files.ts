import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { UsageError } from '../usage-error.js';
import { precisions, type Precision } from './precision.js';

/** Where the two towers of a bundle are. */
export interface GraphFiles {
  /** `split`: a file for each tower; `joint`: one file, named twice, out of which the towers are cut. */
  layout: 'split' | 'joint';
  precision: Precision;
  image: string;
  text: string;
}

/** Names of the files, as transformers.js publishes them. */
const names = { image: 'vision_model', text: 'text_model', joint: 'model' } as const;
const folders = ['onnx', ''] as const;

/**
 * Finds the graphs in a bundle's folder: split before joint, `onnx/` before the folder itself.
 * @param precision absent: the first there is of fp32, fp16, int8
 * @throws {UsageError} that lists what was looked for
 */
export async function findGraphFiles(dir: string, precision?: Precision): Promise<GraphFiles> {
  const wanted = precision ? [precision] : (Object.keys(precisions) as Precision[]);
  const files = new Set((await Promise.all(folders.map((folder) => listOnnx(dir, folder)))).flat());
  const found = wanted.flatMap(candidatesOf).find(({ image, text }) => files.has(image) && files.has(text));
  if (found) return { ...found, image: join(dir, found.image), text: join(dir, found.text) };
  throw new UsageError(`${dir}: no ONNX graphs. ${lookedFor(wanted)}; ${await whatThereIs(dir, files)}`);
}

function candidatesOf(precision: Precision): GraphFiles[] {
  const paths = (name: string): string[] =>
    folders.flatMap((folder) =>
      precisions[precision].suffixes.map((suffix) => join(folder, `${name}${suffix}.onnx`)),
    );
  const texts = paths(names.text);
  const split = paths(names.image).map((image, i): GraphFiles => {
    return { layout: 'split', precision, image, text: texts[i] as string };
  });
  const joint = paths(names.joint).map((path): GraphFiles => ({
    layout: 'joint',
    precision,
    image: path,
    text: path,
  }));
  return [...split, ...joint];
}

function lookedFor(wanted: readonly Precision[]): string {
  const endings = wanted.flatMap((precision) =>
    precisions[precision].suffixes.map((suffix) => `${suffix}.onnx`),
  );
  return (
    `Looked, in onnx/ and beside config.json, for ${names.image} with ${names.text}, or for ${names.joint}, ` +
    `ending in ${endings.join(', ')}`
  );
}

async function whatThereIs(dir: string, graphs: ReadonlySet<string>): Promise<string> {
  if (graphs.size > 0) return `there is ${[...graphs].sort().join(', ')}`;
  const checkpoint = (await readdir(dir)).find((name) => /\.(safetensors|bin|pt)$/.test(name));
  return checkpoint
    ? `there is ${checkpoint}, a PyTorch checkpoint: export it with tools/export first`
    : 'there is no .onnx file';
}

async function listOnnx(dir: string, folder: string): Promise<string[]> {
  const entries = await readdir(join(dir, folder)).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return [];
    throw error;
  });
  return entries.filter((name) => name.endsWith('.onnx')).map((name) => join(folder, name));
}
