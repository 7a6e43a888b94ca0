import { photoLikeJpeg } from '@tuhai/core/image/photo-like-jpeg';
import { cp, mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const generatedPhotos = 64;

/**
 * A folder of `count` JPEGs: photographs below `from` over and over, or else generated ones of about 150 KB.
 * @returns where the pictures come from, for the report
 */
export async function samplePhotos(folder: string, count: number, from: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  const found = await readdir(from, { recursive: true }).catch(() => []);
  const photos = found.filter((name) => /\.jpe?g$/i.test(name)).toSorted();
  const chosen =
    photos.length > 0 ? photos.map((name) => join(from, name)) : await generatePhotos(`${folder}-generated`);
  let sizeBytes = 0;
  for (let i = 0; i < count; i++) {
    const path = chosen[i % chosen.length] as string;
    sizeBytes += (await stat(path)).size;
    await cp(path, join(folder, `${String(i).padStart(6, '0')}.jpg`));
  }
  const kind = photos.length > 0 ? `${photos.length} photographs` : 'generated JPEGs';
  return `${count} images of ${kind}, ${Math.round(sizeBytes / count / 1000)} kB on average`;
}

async function generatePhotos(folder: string): Promise<string[]> {
  await mkdir(folder, { recursive: true });
  const paths = [];
  for (let i = 0; i < generatedPhotos; i++) {
    const path = join(folder, `${i}.jpg`);
    await writeFile(path, await photoLikeJpeg(i));
    paths.push(path);
  }
  return paths;
}
