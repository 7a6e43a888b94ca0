import { createHash } from 'node:crypto';
import type { ImageLimits } from '@tuhai/core/image/limits';
import { ItemFailure } from '@tuhai/core/item-failure';
import type { Source } from '@tuhai/core/source/source';
import pLimit from 'p-limit';
import type { StoredImage } from '@tuhai/core/store/get-image';
import { Problem } from '../problem.js';
import { ByteCache } from './byte-cache.js';
import { renderThumbnail, thumbnailRevision } from './render-thumbnail.js';

/** Of an image in the database: nothing else can be asked for. */
export type ThumbnailSubject = Pick<StoredImage, 'id' | 'source' | 'key' | 'etag'>;

export interface Thumbnail {
  webp: Buffer;
  /** Made from the very bytes that were embedded: false when the source holds newer ones. */
  isCurrent: boolean;
}

export interface Thumbnails {
  /** A strong HTTP entity tag, known without making the thumbnail. */
  tagOf(image: ThumbnailSubject): string;
  /** @throws {ItemFailure | Problem} when the image cannot be fetched or decoded */
  get(image: ThumbnailSubject): Promise<Thumbnail>;
}

/** Makes thumbnails from the source when they are asked for, each once at a time, and keeps those asked for last. */
export function createThumbnails(options: {
  sourceOf: (uri: string) => Promise<Source>;
  limits: ImageLimits;
  cacheBytesMax?: number;
  /** Pictures fetched and decoded at once: each may take its full limit of bytes and pixels in memory. */
  madeAtOnceMax?: number;
}): Thumbnails {
  const cache = new ByteCache(options.cacheBytesMax ?? 64 * 1024 * 1024);
  const limit = pLimit(options.madeAtOnceMax ?? 4);
  const beingMade = new Map<string, Promise<Thumbnail>>();

  async function make(image: ThumbnailSubject, tag: string): Promise<Thumbnail> {
    const { bytes, etag } = await fetchImage(image, options);
    const thumbnail = { webp: await renderThumbnail(bytes, options.limits), isCurrent: etag === image.etag };
    if (thumbnail.isCurrent) cache.set(tag, thumbnail.webp);
    return thumbnail;
  }

  return {
    tagOf,
    async get(image) {
      const tag = tagOf(image);
      const webp = cache.get(tag);
      if (webp) return { webp, isCurrent: true };
      const making = beingMade.get(tag) ?? limit(() => make(image, tag));
      beingMade.set(tag, making);
      try {
        return await making;
      } finally {
        beingMade.delete(tag);
      }
    },
  };
}

const tagOf = ({ id, etag }: ThumbnailSubject): string =>
  `"${createHash('sha256')
    .update(JSON.stringify([id, etag, thumbnailRevision]))
    .digest('base64url')
    .slice(0, 22)}"`;

async function fetchImage(
  { source, key }: ThumbnailSubject,
  { sourceOf, limits }: Parameters<typeof createThumbnails>[0],
) {
  try {
    return await (
      await sourceOf(source)
    ).fetch(key, { bytesMax: limits.bytesMax, timeoutMs: limits.timeoutMs });
  } catch (error) {
    // Messages of sources name folders and endpoints; they are for the log.
    if (error instanceof ItemFailure && !error.retryable) {
      throw new Problem(error.code, 'So its source said just now', { cause: error });
    }
    // The folder is gone, the bucket is set up wrongly or does not answer in time.
    throw new Problem('source_unavailable', 'The source of this image cannot be read now', { cause: error });
  }
}
