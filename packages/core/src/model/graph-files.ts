import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { UsageError } from '../usage-error.js';
import { precisions, type Precision, type PrecisionChoice } from './precision.js';

/** Where the two towers of a bundle are. */
export interface GraphFiles {
  /** `split`: a file for each tower; `joint`: one file, named twice, out of which the towers are cut. */
  layout: 'split' | 'joint';
  precision: Precision;
  /** Absolute paths. */
  image: string;
  text: string;
}

/** Names of the files, as transformers.js publishes them. */
const names = { image: 'vision_model', text: 'text_model', joint: 'model' } as const;
const folders = ['onnx', ''] as const;

/**
 * A bundle's graphs, one entry a precision: split before joint, `onnx/` before the folder itself.
 * @returns in the order of `precisions`, the first being what `auto` takes
 * @throws {UsageError} that lists what was looked for, and what was found instead
 */
export async function findVariants(dir: string): Promise<[GraphFiles, ...GraphFiles[]]> {
  const files = await listGraphs(dir);
  const [best, ...others] = (Object.keys(precisions) as Precision[]).flatMap((precision) => {
    const found = candidatesOf(precision).find(({ image, text }) => files.has(image) && files.has(text));
    return found ? [{ ...found, image: join(dir, found.image), text: join(dir, found.text) }] : [];
  });
  if (best) return [best, ...others];
  throw new UsageError(
    `${dir}: no ONNX graphs. ${lookedFor}; there is ${[...files].sort().join(', ') || 'none'}. Those of 4 bits are not run here`,
  );
}

/** @throws {UsageError} that lists the variants there are */
export function chooseVariant(
  variants: readonly GraphFiles[],
  choice: PrecisionChoice,
  dir: string,
): GraphFiles {
  const chosen = choice === 'auto' ? variants[0] : variants.find(({ precision }) => precision === choice);
  if (chosen) return chosen;
  const there = variants.map(({ precision }) => precision).join(', ');
  throw new UsageError(`${dir}: no ${choice} graphs; the bundle has ${there}`);
}

/** A graph with both towers and the logits, whether or not it is the one that is opened. */
export async function findJointGraph(dir: string): Promise<string | undefined> {
  const files = await listGraphs(dir);
  const joint = (Object.keys(precisions) as Precision[])
    .flatMap(candidatesOf)
    .find(({ layout, image }) => layout === 'joint' && files.has(image));
  return joint && join(dir, joint.image);
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

const lookedFor =
  `Looked, in onnx/ and beside config.json, for ${names.image} with ${names.text}, or for ${names.joint}, ending in ` +
  Object.values(precisions)
    .flatMap(({ suffixes }) => suffixes.map((suffix) => `${suffix}.onnx`))
    .join(', ');

/** The graphs of a bundle, whatever their names: paths relative to the folder. */
export async function listGraphs(dir: string): Promise<ReadonlySet<string>> {
  const lists = await Promise.all(folders.map((folder) => listOnnx(dir, folder)));
  return new Set(lists.flat());
}

async function listOnnx(dir: string, folder: string): Promise<string[]> {
  const entries = await readdir(join(dir, folder)).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return [];
    throw error;
  });
  return entries.filter((name) => name.endsWith('.onnx')).map((name) => join(folder, name));
}
