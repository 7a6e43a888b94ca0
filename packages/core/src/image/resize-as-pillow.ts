import type { Size } from './preprocessing.js';
import type { ResampleFilter } from './resample.js';

/** Fraction bits of Pillow's fixed-point weights for 8-bit channels. */
const precisionBits = 22;

/**
 * Resizes to the very pixels of Pillow's `Image.resize`: rows first, then columns, rounded to 8 bits in between.
 * Slower than libvips, so it is for what libvips does differently: enlarging (its bicubic is shifted by half a pixel
 * where only one edge grows), and the filters it lacks. An edge that stays as it is costs nothing.
 * @param pixels uint8 H×W×3
 */
export function resizeAsPillow(pixels: Uint8Array, from: Size, to: Size, filter: ResampleFilter): Uint8Array {
  const wide =
    to.width === from.width
      ? pixels
      : resizeRows(pixels, from, to.width, weightsOf(from.width, to.width, filter));
  const between = { width: to.width, height: from.height };
  return to.height === from.height
    ? wide
    : resizeColumns(wide, between, to.height, weightsOf(from.height, to.height, filter));
}

/** For each target pixel: the first source pixel that counts, and the weights from there on. */
type Weights = { first: number; weights: Int32Array }[];

function weightsOf(sourceLength: number, targetLength: number, { support, weight }: ResampleFilter): Weights {
  const scale = sourceLength / targetLength;
  const stretch = Math.max(scale, 1);
  return Array.from({ length: targetLength }, (_, target) => {
    const center = (target + 0.5) * scale;
    if (support === 0) return { first: Math.floor(center), weights: Int32Array.of(1 << precisionBits) };
    const first = Math.max(0, Math.trunc(center - support * stretch + 0.5));
    const end = Math.min(sourceLength, Math.trunc(center + support * stretch + 0.5));
    const raw = Array.from({ length: end - first }, (__, i) => weight((first + i - center + 0.5) / stretch));
    const sum = raw.reduce((a, b) => a + b, 0);
    return {
      first,
      weights: Int32Array.from(raw, (value) => roundAwayFromZero((value / sum) * (1 << precisionBits))),
    };
  });
}

const roundAwayFromZero = (value: number): number => Math.trunc(value < 0 ? value - 0.5 : value + 0.5);

function resizeRows(pixels: Uint8Array, from: Size, width: number, table: Weights): Uint8Array {
  const resized = new Uint8Array(width * from.height * 3);
  for (let y = 0; y < from.height; y++) {
    for (let x = 0; x < width; x++) {
      const { first, weights } = table[x] as Weights[number];
      accumulate(pixels, (y * from.width + first) * 3, 3, weights, resized, (y * width + x) * 3);
    }
  }
  return resized;
}

function resizeColumns(pixels: Uint8Array, from: Size, height: number, table: Weights): Uint8Array {
  const resized = new Uint8Array(from.width * height * 3);
  for (let y = 0; y < height; y++) {
    const { first, weights } = table[y] as Weights[number];
    for (let x = 0; x < from.width; x++) {
      accumulate(
        pixels,
        (first * from.width + x) * 3,
        from.width * 3,
        weights,
        resized,
        (y * from.width + x) * 3,
      );
    }
  }
  return resized;
}

/** Writes one target pixel: the weighted sum of source pixels `stride` bytes apart. */
function accumulate(
  source: Uint8Array,
  start: number,
  stride: number,
  weights: Int32Array,
  target: Uint8Array,
  at: number,
): void {
  let red = 1 << (precisionBits - 1);
  let green = red;
  let blue = red;
  for (let i = 0, from = start; i < weights.length; i++, from += stride) {
    const weight = weights[i] as number;
    red += (source[from] as number) * weight;
    green += (source[from + 1] as number) * weight;
    blue += (source[from + 2] as number) * weight;
  }
  target[at] = toByte(red);
  target[at + 1] = toByte(green);
  target[at + 2] = toByte(blue);
}

const toByte = (sum: number): number => Math.min(255, Math.max(0, sum >> precisionBits));
