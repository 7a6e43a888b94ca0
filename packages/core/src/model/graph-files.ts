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

/** Names of the towers' files: ours and transformers.js', then those of optimum's older exports. */
const splitNames = [
  { image: 'vision_model', text: 'text_model' },
  { image: 'visual', text: 'textual' },
] as const;
const jointName = 'model';
const folders = ['onnx', ''] as const;

/**
 * Finds the graphs in a bundle's folder: split before joint, `onnx/` before the folder itself.
 * @param precision absent: the first there is of fp32, fp16, int8
 * @throws {UsageError} that lists what was looked for
 */
export async function findGraphFiles(dir: string, precision?: Precision): Promise<GraphFiles> {
  const wanted = precision ? [precision] : (Object.keys(precisions) as Precision[]);
  const files = new Set((await Promise.all(folders.map((folder) => listOnnx(dir, folder)))).flat());
  const candidates = wanted.flatMap(candidatesOf);
  const found = candidates.find(({ image, text }) => files.has(image) && files.has(text));
  if (found) return { ...found, image: join(dir, found.image), text: join(dir, found.text) };
  throw new UsageError(
    `${dir}: no ONNX graphs${precision ? ` of precision ${precision}` : ''}. Looked for ` +
      `${candidates.map(({ image, text }) => (image === text ? image : `${image} + ${text}`)).join(', ')}; ` +
      `there ${files.size === 0 ? 'is no .onnx file' : `is ${[...files].sort().join(', ')}`}`,
  );
}

function candidatesOf(precision: Precision): GraphFiles[] {
  const paths = (name: string): string[] =>
    folders.flatMap((folder) =>
      precisions[precision].suffixes.map((suffix) => join(folder, `${name}${suffix}.onnx`)),
    );
  const split = splitNames.flatMap(({ image, text }) => {
    const texts = paths(text);
    return paths(image).map((path, i): GraphFiles => ({
      layout: 'split',
      precision,
      image: path,
      text: texts[i] as string,
    }));
  });
  return [
    ...split,
    ...paths(jointName).map((path): GraphFiles => ({ layout: 'joint', precision, image: path, text: path })),
  ];
}

async function listOnnx(dir: string, folder: string): Promise<string[]> {
  const names = await readdir(join(dir, folder)).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return [];
    throw error;
  });
  return names.filter((name) => name.endsWith('.onnx')).map((name) => join(folder, name));
}
