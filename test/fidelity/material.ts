import { existsSync, readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { repositoryRoot } from '../rig/find-program.js';
import type { Model } from './models.js';

/** What a model is shown: paths of pictures, and Chinese texts, all different. */
export interface Material {
  pictures: string[];
  texts: string[];
}

const samplesDir = join(repositoryRoot, 'models', 'demo', 'samples');
const seedTexts = ['一张猫的照片', '一张狗的照片', '一张鸟的照片'];
const textsMax = 64;

/** Real photographs and captions of `data` where they are there and the model is asked about them; else the demo's samples. */
export async function materialFor(model: Model, data: string, all: boolean): Promise<Material> {
  const photos = filesIn(join(data, 'photos'));
  const captions = join(data, 'captioned', 'captions.json');
  const usesPhotos = model.pictures === 'photos' && photos.length > 0;
  const pictures = usesPhotos ? photos : filesIn(samplesDir);
  const texts = usesPhotos && existsSync(captions) ? await captionsIn(captions) : await sampleNames();
  return {
    pictures: spread(pictures, all ? Infinity : model.picturesMax),
    texts: [...new Set([...seedTexts, ...texts])].slice(0, textsMax),
  };
}

/** In the folders of a folder, sorted; none where it is missing. */
function filesIn(dir: string): string[] {
  if (!existsSync(dir)) return [];
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.parentPath !== dir)
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

async function captionsIn(path: string): Promise<string[]> {
  const captions = JSON.parse(await readFile(path, 'utf8')) as Record<string, { zh: string[] }>;
  return Object.values(captions).map(({ zh }) => zh[0] as string);
}

async function sampleNames(): Promise<string[]> {
  const names = await readFile(join(samplesDir, '..', 'samples.json'), 'utf8');
  return Object.values(JSON.parse(names) as Record<string, string>);
}

/** At most `count` values, evenly over all of them. */
function spread<T>(values: readonly T[], count: number): T[] {
  if (values.length <= count) return [...values];
  return Array.from({ length: count }, (_, i) => values[Math.floor((i * values.length) / count)] as T);
}
