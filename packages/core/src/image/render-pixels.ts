import type { Metadata, Sharp } from 'sharp';
import { ItemFailure } from '../item-failure.js';
import { cmykToRgb } from './cmyk-to-rgb.js';
import { layOnWhite } from './lay-on-white.js';
import type { ImageLimits } from './limits.js';
import type { Size } from './preprocessing.js';
import { resamples, type Resample, type ResampleFilter } from './resample.js';
import { resizeAsPillow } from './resize-as-pillow.js';

export interface RenderOptions {
  size: Size;
  resample: Resample;
  shrinkOnLoad: boolean;
  limits: ImageLimits;
}

/** Above this a picture is not held whole at its own size, 3 bytes a pixel, but shrunk by libvips as it is decoded. */
const wholePixelsMax = 32_000_000;

/**
 * Decodes an opened picture and resizes it to Pillow's very pixels. In the mode `fast`, and where a picture is huge,
 * libvips shrinks it while it decodes, within a fraction of a step of them, if it has the filter.
 * @returns uint8 H×W×3 RGB of `size`
 */
export async function renderPixels(
  image: Sharp,
  metadata: Metadata,
  { size, resample, shrinkOnLoad, limits }: RenderOptions,
): Promise<Uint8Array> {
  const filter: ResampleFilter = resamples[resample];
  const { width, height } = metadata.autoOrient;
  const isCmyk = metadata.space === 'cmyk';
  if (filter.kernel && (shrinkOnLoad || width * height > wholePixelsMax)) {
    const shrunk = { width: Math.min(size.width, width), height: Math.min(size.height, height) };
    // Cutting out the whole picture changes nothing but libvips' mind: it would shrink large JPEGs while loading.
    if (!shrinkOnLoad) image.extract({ left: 0, top: 0, width, height });
    image.resize({ ...shrunk, fit: 'fill', kernel: filter.kernel, fastShrinkOnLoad: shrinkOnLoad });
  }
  if (isCmyk) image.pipelineColourspace('cmyk').toColourspace('cmyk');
  else image.toColourspace('srgb');
  image.timeout({ seconds: Math.ceil(limits.timeoutMs / 1000) });
  const { data, info } = await image.raw().toBuffer({ resolveWithObject: true });
  const pixels = isCmyk ? cmykToRgb(data, info.channels) : info.channels === 4 ? layOnWhite(data) : data;
  if (pixels.length !== info.width * info.height * 3) {
    throw new ItemFailure('corrupt', `decoded to ${info.channels} channels, which are no colours we know`);
  }
  return resizeAsPillow(pixels, { width: info.width, height: info.height }, size, filter);
}
