import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What tools/fidelity/reference.py wrote. */
export interface ReferenceValues {
  ids: number[][];
  /** uint8 H×W×3 each. */
  pixels: Uint8Array[];
  /** float32 [N, D], rows of length 1. */
  images: Float32Array;
  texts: Float32Array;
  /** float32 [images, texts]. */
  logits: Float32Array;
}

export async function readReferenceValues(dir: string, pictures: number): Promise<ReferenceValues> {
  const pixels = new Uint8Array(await readFile(join(dir, 'pixels.u8')));
  const size = pixels.length / pictures;
  const { ids } = JSON.parse(await readFile(join(dir, 'reference.json'), 'utf8')) as { ids: number[][] };
  const floats = async (name: string): Promise<Float32Array> =>
    new Float32Array(new Uint8Array(await readFile(join(dir, name))).buffer);
  return {
    ids,
    pixels: Array.from({ length: pictures }, (_, i) => pixels.subarray(i * size, (i + 1) * size)),
    images: await floats('images.f32'),
    texts: await floats('texts.f32'),
    logits: await floats('logits.f32'),
  };
}
