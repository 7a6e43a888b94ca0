import { stat } from 'node:fs/promises';
import { relative } from 'node:path';
import type { Bundle } from '@tuhai/core/model/bundle';
import { openModel, type OpenModel, type OpenModelOptions } from './open-model.js';

/** What a bundle is, and whether it works here. */
export interface Inspection extends Omit<Bundle, 'files'> {
  layout: 'split' | 'joint';
  /** Relative to the folder. */
  files: { path: string; sizeBytes: number }[];
  selfCheck: SelfCheck;
  /** What a reader should know, in sentences. */
  notes: string[];
}

/** A generated picture and a text through both towers. */
export interface SelfCheck {
  /** Of the embeddings as they are stored; both towers give vectors of length 1 of the bundle's dimension. */
  ok: boolean;
  dimension: number;
  imageLength: number;
  textLength: number;
  /** Of the generated picture to the text; a number that means nothing by itself, but changes when the model does. */
  cosine: number;
  tokens: number[];
  loadMs: number;
  embedMs: number;
}

const checkText = '一张猫的照片';

/** @throws {UsageError} that explains why the folder is no bundle, or why its graphs do not work */
export async function inspectModel(dir: string, options: OpenModelOptions): Promise<Inspection> {
  const model = await openModel(dir, options);
  try {
    const { files, ...bundle } = model.bundle;
    const paths = [...new Set([files.image, files.text, ...files.external, files.tokenizer])];
    return {
      ...bundle,
      layout: files.layout,
      files: await Promise.all(
        paths.map(async (path) => ({ path: relative(bundle.dir, path), sizeBytes: (await stat(path)).size })),
      ),
      selfCheck: await selfCheck(model),
      notes: notesOn(model.bundle),
    };
  } finally {
    await model.release();
  }
}

async function selfCheck(model: OpenModel): Promise<SelfCheck> {
  const started = performance.now();
  const [imageTower, textTower] = [await model.imageTower(), await model.textTower()];
  const loaded = performance.now();
  const image = await imageTower.embed([generatedPicture(model.bundle)]);
  const text = await textTower.embed([checkText]);
  const embedded = performance.now();
  const [imageLength, textLength] = [lengthOf(image), lengthOf(text)];
  return {
    ok: [imageLength, textLength].every((length) => Math.abs(length - 1) < 1e-4),
    dimension: image.length,
    imageLength,
    textLength,
    cosine: image.reduce((sum, value, i) => sum + value * (text[i] as number), 0),
    tokens: textTower.tokenize(checkText),
    loadMs: Math.round(loaded - started),
    embedMs: Math.round(embedded - loaded),
  };
}

const lengthOf = (vector: Float32Array): number =>
  Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));

/** A diagonal of colours; uint8 H×W×3. */
function generatedPicture({ preprocessing }: Bundle): Uint8Array {
  const { width, height } = preprocessing.output;
  return Uint8Array.from({ length: width * height * 3 }, (_, i) => {
    const [x, y, channel] = [Math.floor(i / 3) % width, Math.floor(i / 3 / width), i % 3];
    return ((x + y * (channel + 1)) * 255) / (width + height * (channel + 1));
  });
}

function notesOn({ family, logitScale, logitScaleFrom, files }: Bundle): string[] {
  const notes = [];
  if (logitScaleFrom === 'family') {
    notes.push(
      `The bundle records no logit scale; ${logitScale} is the default of the family ${family}, so probabilities may be off.`,
    );
  }
  if (files.layout === 'joint') {
    notes.push(
      'One graph holds both towers; it is cut in two when it is loaded, so that an image never runs the text tower.',
    );
  }
  return notes;
}
