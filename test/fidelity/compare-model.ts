import { readFile } from 'node:fs/promises';
import { openModel, type OpenModel } from '@tuhai/cli/direct/open-model';
import { decodeImage } from '@tuhai/core/image/decode-image';
import { defaultImageLimits } from '@tuhai/core/image/limits';
import type { Preprocessing } from '@tuhai/core/image/preprocessing';
import type { Precision } from '@tuhai/core/model/bundle';
import { pixelDistance } from '../golden/golden.js';
import { logitAgreement, vectorAgreement, type LogitAgreement, type VectorAgreement } from './agreement.js';
import type { Material } from './material.js';
import type { ReferenceValues } from './read-reference.js';

/** Where pixels come from: the reference's own, or files that Tuhai decodes, exactly or fast. */
export type Mode = 'decoded' | 'files' | 'files, fast';

/** One line of the table. */
export interface Row {
  model: string;
  family: string;
  trained: boolean;
  mode: Mode;
  variant: Precision;
  pictures: number;
  texts: number;
  tokensEqual: number;
  /** In steps of 255; of the worst picture the mean, of the worst value the whole. */
  pixels: { mean: number; worstMean: number; max: number };
  image: VectorAgreement;
  text: VectorAgreement;
  logits: LogitAgreement;
}

const batchSize = 8;

/** Compares one variant of a bundle, in each of the modes. */
export async function compareModel(
  about: Pick<Row, 'model' | 'trained' | 'variant'>,
  dir: string,
  { pictures, texts }: Material,
  reference: ReferenceValues,
  modes: readonly Mode[],
): Promise<Row[]> {
  const model = await openModel(dir, { executionProviders: ['cpu'], precision: about.variant });
  try {
    const { dimension, family } = model.bundle;
    const textTower = await model.textTower();
    const tokensEqual = texts.filter(
      (text, i) => String(textTower.tokenize(text)) === String(reference.ids[i]),
    ).length;
    const textRows = await textTower.embed(texts);
    const rows: Row[] = [];
    for (const mode of modes) {
      const pixels =
        mode === 'decoded' ? reference.pixels : await decodeAll(preprocessingOf(model, mode), pictures);
      const images = await embedAll(model, pixels);
      rows.push({
        ...about,
        family,
        mode,
        pictures: pictures.length,
        texts: texts.length,
        tokensEqual,
        pixels: pixelAgreement(pixels, reference.pixels),
        image: vectorAgreement(images, reference.images, dimension),
        text: vectorAgreement(textRows, reference.texts, dimension),
        logits: logitAgreement(logitsOf(model, images, textRows), reference.logits, texts.length),
      });
    }
    return rows;
  } finally {
    await model.release();
  }
}

const preprocessingOf = ({ bundle }: OpenModel, mode: Mode): Preprocessing =>
  mode === 'files, fast' ? { ...bundle.preprocessing, shrinkOnLoad: true } : bundle.preprocessing;

async function decodeAll(preprocessing: Preprocessing, pictures: readonly string[]): Promise<Uint8Array[]> {
  const decoded = [];
  for (const path of pictures) {
    decoded.push((await decodeImage(await readFile(path), preprocessing, defaultImageLimits)).pixels);
  }
  return decoded;
}

async function embedAll(model: OpenModel, pixels: readonly Uint8Array[]): Promise<Float32Array> {
  const tower = await model.imageTower();
  const rows = new Float32Array(pixels.length * model.bundle.dimension);
  for (let at = 0; at < pixels.length; at += batchSize)
    rows.set(await tower.embed(pixels.slice(at, at + batchSize)), at * model.bundle.dimension);
  return rows;
}

function pixelAgreement(ours: readonly Uint8Array[], reference: readonly Uint8Array[]): Row['pixels'] {
  const distances = ours.map((pixels, i) => pixelDistance(pixels, reference[i] as Uint8Array));
  return {
    mean: distances.reduce((sum, { mean }) => sum + mean, 0) / distances.length,
    worstMean: Math.max(...distances.map(({ mean }) => mean)),
    max: Math.max(...distances.map(({ max }) => max)),
  };
}

/** `logits_per_image`: float32 [images, texts]. */
function logitsOf({ bundle }: OpenModel, images: Float32Array, texts: Float32Array): Float32Array {
  const { dimension, logitScale, logitBias } = bundle;
  const textCount = texts.length / dimension;
  return Float32Array.from({ length: (images.length / dimension) * textCount }, (_, at) => {
    const [image, text] = [Math.floor(at / textCount) * dimension, (at % textCount) * dimension];
    let cosine = 0;
    for (let i = 0; i < dimension; i++) cosine += (images[image + i] as number) * (texts[text + i] as number);
    return cosine * logitScale + logitBias;
  });
}
