import { readFileSync } from 'node:fs';
import type { Size } from './preprocessing.js';
import type { ResampleFilter } from './resample.js';

/** Fraction bits of Pillow's fixed-point weights for 8-bit channels. */
const precisionBits = 22;

/** What is in hand at a time takes about as many bytes: the memory of the passes does not grow with a picture. */
const bandBytes = 1 << 20;

/** A row's kernel takes so many source pixels in a turn. */
const tapsAtOnce = 4;

/** What a load or store may touch behind the end of what it belongs to. */
const slackBytes = 16;

/**
 * Resizes to the very pixels of Pillow's `Image.resize`: rows and columns in two passes, rounded to 8 bits in between. An
 * edge that stays as it is costs nothing.
 * @param pixels uint8 H×W×3
 */
export function resizeAsPillow(pixels: Uint8Array, from: Size, to: Size, filter: ResampleFilter): Uint8Array {
  // As Pillow 13 does; earlier ones always took the rows first.
  const columnsFirst = to.height < from.height && from.height - to.height > 2 * (from.width - to.width);
  if (columnsFirst) {
    const low = resizeColumns(pixels, from, to.height, filter);
    return resizeRows(low, { width: from.width, height: to.height }, to.width, filter);
  }
  const narrow = resizeRows(pixels, from, to.width, filter);
  return resizeColumns(narrow, { width: to.width, height: from.height }, to.height, filter);
}

function resizeRows(pixels: Uint8Array, from: Size, width: number, filter: ResampleFilter): Uint8Array {
  if (width === from.width) return pixels;
  const rowBytes = from.width * 3;
  const rowsMax = Math.min(from.height, Math.ceil(bandBytes / rowBytes));
  const { entries, taps } = tableOf(from.width, width, filter);
  splitWeights(entries, taps);
  const [tableAt, sourceAt, targetAt] = layOut(entries.byteLength, rowsMax * rowBytes, rowsMax * width * 3);
  const bytes = new Uint8Array(memory.buffer);
  new Int32Array(memory.buffer).set(entries, tableAt / 4);
  const resized = new Uint8Array(from.height * width * 3);
  for (let y = 0; y < from.height; y += rowsMax) {
    const rows = Math.min(rowsMax, from.height - y);
    bytes.set(pixels.subarray(y * rowBytes, (y + rows) * rowBytes), sourceAt);
    kernels.resizeRows(sourceAt, from.width, rows, targetAt, width, tableAt, taps);
    resized.set(bytes.subarray(targetAt, targetAt + rows * width * 3), y * width * 3);
  }
  return resized;
}

function resizeColumns(pixels: Uint8Array, from: Size, height: number, filter: ResampleFilter): Uint8Array {
  if (height === from.height) return pixels;
  const rowBytes = from.width * 3;
  const widthMax = Math.min(rowBytes, Math.ceil(bandBytes / from.height));
  const { entries, taps } = tableOf(from.height, height, filter);
  const [tableAt, sourceAt, targetAt] = layOut(entries.byteLength, from.height * widthMax, height * widthMax);
  const bytes = new Uint8Array(memory.buffer);
  new Int32Array(memory.buffer).set(entries, tableAt / 4);
  const resized = new Uint8Array(height * rowBytes);
  for (let x = 0; x < rowBytes; x += widthMax) {
    const width = Math.min(widthMax, rowBytes - x);
    for (let y = 0; y < from.height; y++)
      bytes.set(pixels.subarray(y * rowBytes + x, y * rowBytes + x + width), sourceAt + y * width);
    kernels.resizeColumns(sourceAt, width, targetAt, height, tableAt, taps);
    for (let y = 0; y < height; y++) {
      const at = targetAt + y * width;
      resized.set(bytes.subarray(at, at + width), y * rowBytes + x);
    }
  }
  return resized;
}

/** What we use of it: TypeScript declares it among the browser's things only. */
declare const WebAssembly: {
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object) => { exports: unknown };
};

interface Kernels {
  memory: { readonly buffer: ArrayBuffer; grow: (pages: number) => number };
  resizeRows: (
    source: number,
    sourceWidth: number,
    rows: number,
    target: number,
    width: number,
    table: number,
    taps: number,
  ) => void;
  resizeColumns: (
    source: number,
    stride: number,
    target: number,
    height: number,
    table: number,
    taps: number,
  ) => void;
}

/** See resize.wat: four colours at a time, which JavaScript cannot. */
const kernels = new WebAssembly.Instance(
  new WebAssembly.Module(readFileSync(new URL('resize.wasm', import.meta.url))),
).exports as Kernels;
const { memory } = kernels;
const pageBytes = 1 << 16;

/** Where three areas of so many bytes lie in memory, one behind the other. */
function layOut(table: number, source: number, target: number): [number, number, number] {
  const sourceAt = aligned(table);
  const targetAt = sourceAt + aligned(source);
  const missingBytes = targetAt + aligned(target) - memory.buffer.byteLength;
  if (missingBytes > 0) memory.grow(Math.ceil(missingBytes / pageBytes));
  return [0, sourceAt, targetAt];
}

const aligned = (bytes: number): number => Math.ceil((bytes + slackBytes) / slackBytes) * slackBytes;

/** For each target pixel: the first source pixel that counts, how many do, and room for `taps` weights, of which those behind are zero. */
function tableOf(
  sourceLength: number,
  targetLength: number,
  { support, weight }: ResampleFilter,
): { entries: Int32Array; taps: number } {
  const scale = sourceLength / targetLength;
  const stretch = Math.max(scale, 1);
  const taps = tapsAtOnce * Math.ceil((Math.ceil(support * stretch) * 2 + 1) / tapsAtOnce);
  const entries = new Int32Array(targetLength * (2 + taps));
  const weights = new Float64Array(taps);
  for (let target = 0; target < targetLength; target++) {
    const center = (target + 0.5) * scale;
    const at = target * (2 + taps);
    if (support === 0) {
      entries.set([Math.floor(center), 1, 1 << precisionBits], at);
      continue;
    }
    const first = Math.max(0, Math.trunc(center - support * stretch + 0.5));
    const count = Math.min(sourceLength, Math.trunc(center + support * stretch + 0.5)) - first;
    let sum = 0;
    for (let i = 0; i < count; i++) sum += weights[i] = weight((first + i - center + 0.5) * (1 / stretch));
    entries[at] = first;
    entries[at + 1] = count;
    for (let i = 0; i < count; i++) entries[at + 2 + i] = fixedPoint((weights[i] as number) / sum);
  }
  return { entries, taps };
}

/**
 * Makes of every two weights two pairs of int16: one product then takes two pixels, where int32 takes one.
 * A last weight without another is paired with the nothing behind it.
 */
function splitWeights(entries: Int32Array, taps: number): void {
  for (let at = 0; at < entries.length; at += 2 + taps) {
    const end = at + 2 + (entries[at + 1] as number);
    for (let i = at + 2; i < end; i += 2) {
      const [a, b] = [entries[i] as number, entries[i + 1] as number];
      entries[i] = ((a >> lowBits) & 0xffff) | ((b >> lowBits) << 16);
      entries[i + 1] = (a & lowMask) | ((b & lowMask) << 16);
    }
  }
}

const lowBits = 8;
const lowMask = (1 << lowBits) - 1;

/** Rounded away from zero, as Pillow does. */
const fixedPoint = (weight: number): number => {
  const value = weight * (1 << precisionBits);
  return Math.trunc(value < 0 ? value - 0.5 : value + 0.5);
};
