import type { Preprocessing, Size } from './preprocessing.js';

/**
 * The size a picture is resized to before it is cropped. The longer edge is truncated, not rounded, as in
 * `get_resize_output_image_size` of transformers.
 */
export function resizeSize(original: Size, resize: Preprocessing['resize']): Size {
  if (!resize) return { width: original.width, height: original.height };
  if (resize.kind === 'exact') return { width: resize.width, height: resize.height };
  const { width, height } = original;
  const longer = Math.floor((resize.edge * Math.max(width, height)) / Math.min(width, height));
  return width <= height ? { width: resize.edge, height: longer } : { width: longer, height: resize.edge };
}
