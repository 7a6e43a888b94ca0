import { decodeImage } from '@tuhai/core/image/decode-image';
import type { ImageLimits } from '@tuhai/core/image/limits';
import type { Preprocessing } from '@tuhai/core/image/preprocessing';
import { toItemFailure, type ItemFailure } from '@tuhai/core/item-failure';
import type { OpenModel } from './open-model.js';
import { readImageFile } from './read-image-file.js';

/** What became of one file; `key` is its path as it was given. */
export type FileEmbedding = { key: string; embedding: Float32Array } | { key: string; failure: ItemFailure };

export interface EmbedFilesOptions {
  limits: ImageLimits;
  /** Files decoded side by side and embedded in one run. Default 8. */
  batchSize?: number;
}

/**
 * Embeds image files, one result each in their order. A file that cannot be embedded costs only itself.
 * @throws {UsageError} when the image tower cannot be loaded
 */
export async function* embedFiles(
  model: OpenModel,
  paths: readonly string[],
  { limits, batchSize = 8 }: EmbedFilesOptions,
): AsyncGenerator<FileEmbedding> {
  const tower = await model.imageTower();
  for (let start = 0; start < paths.length; start += batchSize) {
    const batch = paths.slice(start, start + batchSize);
    const decoded = await Promise.all(
      batch.map((path) => decodeFile(path, model.bundle.preprocessing, limits)),
    );
    const pixels = decoded.filter((image) => image instanceof Uint8Array);
    const rows = await tower.embed(pixels);
    const { dimension } = model.bundle;
    let row = 0;
    for (const [i, key] of batch.entries()) {
      const image = decoded[i] as Uint8Array | ItemFailure;
      yield image instanceof Uint8Array
        ? { key, embedding: rows.slice(row * dimension, ++row * dimension) }
        : { key, failure: image };
    }
  }
}

export async function decodeFile(
  path: string,
  preprocessing: Preprocessing,
  limits: ImageLimits,
): Promise<Uint8Array | ItemFailure> {
  try {
    return (await decodeImage(await readImageFile(path, limits), preprocessing, limits)).pixels;
  } catch (error) {
    return toItemFailure(error);
  }
}
