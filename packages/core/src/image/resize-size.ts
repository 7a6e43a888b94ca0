import type { Preprocessing, Size } from './preprocessing.js';

/**
 * The size a picture is resized to before it is cropped. The longer edge is truncated, not rounded, as in
 * `get_resize_output_image_size` and `get_size_with_aspect_ratio` of transformers.
 */
export function resizeSize(original: Size, resize: Preprocessing['resize']): Size {
  if (!resize) return { width: original.width, height: original.height };
  if (resize.kind === 'exact') return { width: resize.width, height: resize.height };
  const { width, height } = original;
  const { edge: wanted, longestMax = Infinity } = resize;
  const [short, long] = [Math.min(width, height), Math.max(width, height)];
  const exact = (long / short) * wanted > longestMax ? (longestMax * short) / long : wanted;
  const edge = roundHalfToEven(exact);
  if (short === edge) return { width, height };
  // From the shorter edge as it was before it was rounded.
  const longer = Math.floor((exact * long) / short);
  return width <= height ? { width: edge, height: longer } : { width: longer, height: edge };
}

/** Python's `round`. */
function roundHalfToEven(value: number): number {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}
