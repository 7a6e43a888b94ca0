import { configureSharp } from '@tuhai/core/image/configure-sharp';
import { decodeImage } from '@tuhai/core/image/decode-image';
import { defaultImageLimits } from '@tuhai/core/image/limits';
import { readBundle } from '@tuhai/core/model/bundle';
import { readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import sharp, { type Sharp } from 'sharp';
import { ownCpuMs } from './cpu-time.js';
import { ratios, spread } from './measured.js';
import { numbersOf } from './options.js';
import { report } from './report.js';

const widths = [500, 1_000, 2_000, 4_000];
const formats: Record<string, (image: Sharp) => Sharp> = {
  jpeg: (image) => image.jpeg({ quality: 85 }),
  png: (image) => image.png(),
  webp: (image) => image.webp({ quality: 80 }),
};

/**
 * CPU ms from a file's bytes to the pixels that a model takes, by size and format, beside sharp alone, which may shrink a JPEG while
 * it loads and checks nothing. [--images N] [--rounds N]
 */
export async function benchDecode(argv: string[]): Promise<void> {
  const { images, rounds } = numbersOf(argv, { images: 12, rounds: 5 });
  const { preprocessing } = await readBundle('models/demo');
  const photo = await somePhoto();
  const files: Record<string, Buffer> = {};
  for (const width of widths)
    for (const [format, encode] of Object.entries(formats))
      files[`${format} ${width} × ${width * 0.75}`] = await encode(
        sharp(photo).resize(width, width * 0.75),
      ).toBuffer();
  configureSharp();
  const { width, height } = preprocessing.output;
  const ways = {
    tuhai: async (bytes: Buffer) => void (await decodeImage(bytes, preprocessing, defaultImageLimits)),
    sharp: async (bytes: Buffer) =>
      void (await sharp(bytes).resize(width, height).removeAlpha().raw().toBuffer()),
  };
  const results = [];
  for (const [name, bytes] of Object.entries(files)) {
    const cpuMs: Record<keyof typeof ways, number[]> = { tuhai: [], sharp: [] };
    for (let round = 0; round < rounds; round++) {
      for (const way of Object.keys(ways) as (keyof typeof ways)[]) {
        await ways[way](bytes);
        const before = process.cpuUsage();
        await Promise.all(Array.from({ length: images }, () => ways[way](bytes)));
        cpuMs[way].push(ownCpuMs(before) / images);
      }
    }
    results.push({
      name,
      kB: Math.round(bytes.length / 1_000),
      tuhai: spread(cpuMs.tuhai),
      sharp: spread(cpuMs.sharp),
      ratio: ratios(cpuMs.tuhai, cpuMs.sharp),
    });
  }
  report('decode', {
    conditions: `one photograph at several sizes to ${width} × ${height}; ${rounds} rounds of ${images}`,
    table: results.map((r) => ({
      picture: r.name,
      kB: r.kB,
      'tuhai, CPU ms': r.tuhai.median,
      'sharp alone, CPU ms': r.sharp.median,
      ratio: r.ratio.median,
    })),
    ratio: `CPU time over sharp alone, 1000 × 750 JPEG: ${results.find(({ name }) => name.startsWith('jpeg 1000'))?.ratio.median}`,
    details: { results },
  });
}

/** A photograph where there are some, else noise. */
async function somePhoto(): Promise<Buffer> {
  const folder = resolve('../shared/data/photos');
  const names = (await readdir(folder, { recursive: true }).catch(() => [])).filter((name) =>
    /\.jpe?g$/i.test(name),
  );
  const name = names.toSorted()[0];
  if (name) return readFile(join(folder, name));
  const noise = { type: 'gaussian' as const, mean: 120, sigma: 60 };
  const create = { width: 1_000, height: 750, channels: 3 as const, background: '#888', noise };
  return sharp({ create }).blur(1.2).jpeg().toBuffer();
}
