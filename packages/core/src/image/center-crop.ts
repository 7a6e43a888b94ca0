import type { Size } from './preprocessing.js';

/** Where a centre crop lies on the picture; negative where the crop is larger and gets a black edge. */
export function cropOffset(picture: Size, crop: Size): { left: number; top: number } {
  return { left: offset(picture.width, crop.width), top: offset(picture.height, crop.height) };
}

/** transformers' `center_crop`: halves are rounded down, and the padding before a smaller picture is rounded up. */
function offset(pictureEdge: number, cropEdge: number): number {
  return pictureEdge >= cropEdge
    ? Math.floor((pictureEdge - cropEdge) / 2)
    : -Math.ceil((cropEdge - pictureEdge) / 2);
}

/**
 * Cuts `crop` out of the middle of an interleaved picture, with zeros where the picture does not reach.
 * @param pixels uint8 H×W×3
 */
export function centerCrop(pixels: Uint8Array, picture: Size, crop: Size): Uint8Array {
  if (picture.width === crop.width && picture.height === crop.height) return pixels;
  const { left, top } = cropOffset(picture, crop);
  const cropped = new Uint8Array(crop.width * crop.height * 3);
  const columnFrom = Math.max(0, left);
  const columnTo = Math.min(picture.width, left + crop.width);
  for (let y = Math.max(0, -top); y < crop.height && y + top < picture.height; y++) {
    const row = (y + top) * picture.width;
    cropped.set(
      pixels.subarray((row + columnFrom) * 3, (row + columnTo) * 3),
      (y * crop.width + columnFrom - left) * 3,
    );
  }
  return cropped;
}
