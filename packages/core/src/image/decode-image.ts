import sharp, { type Metadata, type Sharp } from 'sharp';
import { ItemFailure } from '../item-failure.js';
import { centerCrop } from './center-crop.js';
import { sniffImageFormat, type ImageFormat } from './image-format.js';
import type { ImageLimits } from './limits.js';
import type { Preprocessing, Size } from './preprocessing.js';
import { renderPixels } from './render-pixels.js';
import { resizeSize } from './resize-size.js';

export interface DecodedImage {
  /** uint8 H×W×3 RGB of the preprocessing's output size. */
  pixels: Uint8Array;
  /** Of the original, after its EXIF orientation. */
  width: number;
  height: number;
  format: ImageFormat;
}

/**
 * Decodes the first frame and resizes and crops it as the bundle asks.
 * EXIF orientation is applied, transparency is laid on white, ICC profiles are ignored and, unless the preprocessing says
 * so, nothing is shrunk while it loads: see docs/decisions. What this function does to a pixel is part of every fingerprint (`decodeRevision`).
 * @throws {ItemFailure} too_large, unsupported_format, too_many_pixels, corrupt, timeout
 */
export async function decodeImage(
  bytes: Uint8Array,
  preprocessing: Preprocessing,
  limits: ImageLimits,
): Promise<DecodedImage> {
  if (bytes.length > limits.bytesMax) {
    throw new ItemFailure('too_large', `${bytes.length} bytes; at most ${limits.bytesMax} are allowed`);
  }
  const format = sniffImageFormat(bytes);
  if (!format)
    throw new ItemFailure(
      'unsupported_format',
      bytes.length === 0 ? 'the file is empty' : 'not an image format we decode',
    );
  const image = open(bytes, limits);
  const metadata = await image.metadata().catch((error: unknown) => {
    throw toDecodeFailure(error);
  });
  refuseOversized(metadata, limits);
  const original = metadata.autoOrient;
  const resized = resizeSize(original, preprocessing.resize);
  refuseStretched(resized, limits);
  const pixels = await renderPixels(image, metadata, {
    size: resized,
    resample: preprocessing.resample,
    shrinkOnLoad: preprocessing.shrinkOnLoad === true,
    limits,
  }).catch((error: unknown) => {
    throw toDecodeFailure(error);
  });
  return {
    pixels: preprocessing.centerCrop ? centerCrop(pixels, resized, preprocessing.centerCrop) : pixels,
    width: original.width,
    height: original.height,
    format,
  };
}

function open(bytes: Uint8Array, limits: ImageLimits): Sharp {
  return sharp(bytes, {
    failOn: 'error',
    limitInputPixels: limits.pixelsMax,
    autoOrient: true,
    ignoreIcc: true,
  });
}

function refuseOversized({ width, height, pages = 1 }: Metadata, limits: ImageLimits): void {
  if (width * height > limits.pixelsMax) {
    throw new ItemFailure(
      'too_many_pixels',
      `${width} × ${height} pixels; at most ${limits.pixelsMax} are allowed`,
    );
  }
  if (pages > limits.framesMax) {
    throw new ItemFailure('too_large', `${pages} frames; at most ${limits.framesMax} are allowed`);
  }
}

/** A picture of 1 × 60,000 pixels would become 224 × 13 million when its shortest edge is resized. */
function refuseStretched({ width, height }: Size, limits: ImageLimits): void {
  if (width * height > limits.pixelsMax) {
    throw new ItemFailure(
      'too_many_pixels',
      `resizing makes it ${width} × ${height}; at most ${limits.pixelsMax} pixels are allowed`,
    );
  }
}

function toDecodeFailure(error: unknown): ItemFailure {
  if (error instanceof ItemFailure) return error;
  const message = error instanceof Error ? error.message : String(error);
  const known = decoderMessages.find(({ pattern }) => pattern.test(message));
  return new ItemFailure(known?.code ?? 'corrupt', lastLine(message), { cause: error });
}

/** libvips lists every complaint on the way; the last one is what ended it. */
const lastLine = (message: string): string => message.trim().split('\n').at(-1)?.trim() ?? message;

/** How libvips and sharp word what is not plain corruption. */
const decoderMessages = [
  { pattern: /exceeds (pixel|channel) limit/i, code: 'too_many_pixels' },
  { pattern: /timeout/i, code: 'timeout' },
  {
    pattern: /unsupported image format|operation is blocked|has not been built in/i,
    code: 'unsupported_format',
  },
  { pattern: /out of memory|unable to allocate/i, code: 'out_of_memory' },
] as const;
