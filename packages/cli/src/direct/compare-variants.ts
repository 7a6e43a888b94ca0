import type { ImageLimits } from '@tuhai/core/image/limits';
import { ItemFailure } from '@tuhai/core/item-failure';
import type { Bundle, Precision } from '@tuhai/core/model/bundle';
import { cosinesTo } from '@tuhai/core/model/cosines';
import type { SessionOptions } from '@tuhai/core/model/open-session';
import { toMatrix } from '@tuhai/core/model/to-matrix';
import { UsageError } from '@tuhai/core/usage-error';
import { decodeFile } from './embed-files.js';
import { openModel } from './open-model.js';

/** What a variant costs, and how far it is from the bundle's most precise one. */
export interface VariantComparison {
  precision: Precision;
  /** Of one picture in a run of its own, the median. */
  imageMs: number;
  /** Cosines to the embeddings of the first variant; 1 for itself. */
  cosineMin: number;
  cosineMean: number;
  /** Share of the pictures whose nearest other picture is the same. */
  sameNearest: number;
}

/**
 * Embeds pictures with every variant of a bundle.
 * @throws {UsageError} for a file that is no picture
 */
export async function compareVariants(
  { dir, variants, preprocessing }: Bundle,
  files: readonly string[],
  { limits, ...session }: SessionOptions & { limits: ImageLimits },
): Promise<VariantComparison[]> {
  const pictures: Uint8Array[] = [];
  for (const file of files) {
    const picture = await decodeFile(file, preprocessing, limits);
    if (picture instanceof ItemFailure) throw new UsageError(`${file}: ${picture.code}: ${picture.message}`);
    pictures.push(picture);
  }
  let first: Float32Array[] | undefined;
  const compared: VariantComparison[] = [];
  for (const precision of variants) {
    const { rows, imageMs } = await embedOneByOne(dir, pictures, { ...session, precision });
    const reference = (first ??= rows);
    const cosines = rows.map((row, i) => cosinesTo(row, reference[i] as Float32Array)[0] as number);
    const same = rows.filter((_, i) => nearestTo(i, rows) === nearestTo(i, reference)).length;
    compared.push({
      precision,
      imageMs,
      cosineMin: Math.min(...cosines),
      cosineMean: cosines.reduce((sum, cosine) => sum + cosine, 0) / cosines.length,
      sameNearest: same / rows.length,
    });
  }
  return compared;
}

async function embedOneByOne(
  dir: string,
  pictures: readonly Uint8Array[],
  options: SessionOptions & { precision: Precision },
): Promise<{ rows: Float32Array[]; imageMs: number }> {
  const model = await openModel(dir, options);
  try {
    const tower = await model.imageTower();
    // The first run allocates what the others use again.
    await tower.embed(pictures.slice(0, 1));
    const rows: Float32Array[] = [];
    const times: number[] = [];
    for (const picture of pictures) {
      const started = performance.now();
      rows.push(await tower.embed([picture]));
      times.push(performance.now() - started);
    }
    return { rows, imageMs: times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] as number };
  } finally {
    await model.release();
  }
}

function nearestTo(index: number, rows: readonly Float32Array[]): number {
  const cosines = cosinesTo(rows[index] as Float32Array, toMatrix(rows));
  cosines[index] = -Infinity;
  return cosines.indexOf(Math.max(...cosines));
}
