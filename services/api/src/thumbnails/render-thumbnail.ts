import { sniffImageFormat } from '@tuhai/core/image/image-format';
import type { ImageLimits } from '@tuhai/core/image/limits';
import { ItemFailure } from '@tuhai/core/item-failure';
import sharp from 'sharp';

export const thumbnailSize = 320;
const quality = 78;

/** Changes when what is made of the same bytes does. */
export const thumbnailRevision = `webp-${thumbnailSize}-${quality}-white`;

/**
 * A small WebP of a picture's first frame, upright, on white as the model sees it, in sRGB; never enlarged.
 * @throws {ItemFailure} unsupported_format, too_many_pixels, corrupt
 */
export async function renderThumbnail(bytes: Uint8Array, limits: ImageLimits): Promise<Buffer> {
  if (!sniffImageFormat(bytes)) throw new ItemFailure('unsupported_format', 'not an image format we decode');
  const image = sharp(bytes, { failOn: 'truncated', limitInputPixels: limits.pixelsMax, autoOrient: true });
  try {
    return await image
      .resize({ width: thumbnailSize, height: thumbnailSize, fit: 'inside', withoutEnlargement: true })
      .flatten({ background: '#fff' })
      .webp({ quality, effort: 2 })
      .timeout({ seconds: Math.ceil(limits.timeoutMs / 1000) })
      .toBuffer();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const code = /exceeds pixel limit/i.test(message) ? 'too_many_pixels' : 'corrupt';
    throw new ItemFailure(code, message, { cause: error });
  }
}
