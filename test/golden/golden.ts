import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

/** Path of a file or folder under test/golden, which tools/reference/make_golden.py makes. */
export const goldenPath = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export type GoldenFamily = 'clip' | 'chinese-clip' | 'siglip';

/** What transformers computes with a tiny model. */
export interface Reference {
  texts: string[];
  ids: number[][];
  pictures: string[];
  logitScale: number;
  /** SigLIP only. */
  logitBias?: number;
  firstPixelValues: number[];
  imageEmbeds: number[][];
  textEmbeds: number[][];
  logitsPerImage: number[][];
}

export async function readReference(family: GoldenFamily): Promise<Reference> {
  return JSON.parse(await readFile(goldenPath(`reference-${family}.json`), 'utf8')) as Reference;
}

const pictureBytes = 32 * 32 * 3;

/** uint8 32×32×3 pictures from a file of them. */
export async function readPictures(file: string): Promise<Uint8Array[]> {
  const bytes = await readFile(goldenPath(file));
  return Array.from({ length: bytes.length / pictureBytes }, (_, i) =>
    new Uint8Array(bytes.subarray(i * pictureBytes, (i + 1) * pictureBytes)),
  );
}

export const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from({ length: a.length }, (_, i) => (a[i] as number) * (b[i] as number)).reduce((sum, x) => sum + x, 0);

/** Mean and greatest distance of two pictures' values. */
export function pixelDistance(a: Uint8Array, b: Uint8Array): { mean: number; max: number } {
  let [sum, max] = [0, 0];
  a.forEach((value, i) => {
    const distance = Math.abs(value - (b[i] as number));
    sum += distance;
    max = Math.max(max, distance);
  });
  return { mean: sum / a.length, max };
}
