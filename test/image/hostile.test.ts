import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { configureSharp } from '@tuhai/core/image/configure-sharp';
import { decodeImage } from '@tuhai/core/image/decode-image';
import { defaultImageLimits, type ImageLimits } from '@tuhai/core/image/limits';
import { photoLikeJpeg } from '@tuhai/core/image/photo-like-jpeg';
import { readPreprocessing } from '@tuhai/core/image/preprocessing';
import type { FailureCode } from '@tuhai/core/item-failure';
import { families } from '@tuhai/core/model/families';
import test, { type ExecutionContext } from 'ava';
import { goldenPath, pixelDistance } from '../golden/golden.js';
import { sharedData } from '../shared-data.js';
import { decodeInChild } from './decode-in-child.js';

configureSharp();
const preprocessing = readPreprocessing({}, families.clip.preprocessing, 'defaults');
const exact = readPreprocessing(
  { size: { width: 224, height: 224 }, do_center_crop: false },
  families.clip.preprocessing,
  'x',
);

test.serial(
  '30,000 × 30,000 pixels fail by their header, at once and without the memory for them',
  async (t) => {
    const before = process.memoryUsage().rss;
    const started = performance.now();
    await fails(t, png(30_000, 30_000), 'too_many_pixels');
    t.true(performance.now() - started < 1500);
    t.true(process.memoryUsage().rss - before < 50e6);
  },
);

test('a file over the limit of bytes is too large', async (t) => {
  await fails(t, await landscape(), 'too_large', { ...defaultImageLimits, bytesMax: 100 });
});

test('more frames than allowed are too large; the first of those allowed is decoded', async (t) => {
  const gif = await readFile(goldenPath('pictures/animated.gif'));
  await fails(t, gif, 'too_large', { ...defaultImageLimits, framesMax: 2 });
  t.is((await decodeImage(gif, preprocessing, { ...defaultImageLimits, framesMax: 3 })).height, 48);
});

test('a thread of a picture would be stretched beyond all limits', async (t) => {
  await fails(t, png(60_000, 1), 'too_many_pixels');
});

test('what is no picture of ours is refused before a decoder sees it', async (t) => {
  await fails(
    t,
    Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'),
    'unsupported_format',
  );
  await fails(t, Buffer.from('%PDF-1.7\n'), 'unsupported_format');
  await fails(t, new Uint8Array(), 'unsupported_format');
});

test('a picture that is cut short is corrupt', async (t) => {
  const whole = await landscape();
  await fails(t, whole.subarray(0, whole.length / 2), 'corrupt');
  await fails(t, whole.subarray(0, 12), 'corrupt');
  await fails(t, Buffer.concat([Buffer.from([0xff, 0xd8, 0xff]), Buffer.alloc(500)]), 'corrupt');
});

test('a picture that takes too long is given up', async (t) => {
  const { code, message } = await failureOf(slowPng(), {
    ...defaultImageLimits,
    pixelsMax: 1e9,
    timeoutMs: 1,
  });
  t.is(code, 'timeout', message);
});

const orientations = { Landscape: [3], Portrait: [2, 3, 4, 5, 6, 7, 8] };

test('every orientation shows the same picture', async (t) => {
  const folder = sharedData(t, 'torture', 'exif-orientation');
  if (!folder) return;
  for (const shape of ['Landscape', 'Portrait'] as const) {
    const load = async (orientation: number): Promise<Uint8Array> => {
      const path = `${folder}/exif-orientation-examples__${shape}_${orientation}.jpg`;
      return (await decodeImage(await readFile(path), exact, defaultImageLimits)).pixels;
    };
    const upright = await load(1);
    for (const orientation of orientations[shape]) {
      t.true(pixelDistance(await load(orientation), upright).mean < 4, `${shape} ${orientation}`);
    }
  }
});

test('every torture file ends as the manifest expects, in bounded memory', async (t) => {
  const folder = sharedData(t, 'torture');
  if (!folder) return;
  t.timeout(120_000);
  const manifest = JSON.parse(await readFile(`${folder}/manifest.json`, 'utf8')) as {
    file: string;
    expect: string;
  }[];
  const results = await decodeInChild(
    manifest.map(({ file }) => `${folder}/${file}`),
    40_000,
  );
  const clean: readonly string[] = [
    'too_large',
    'too_many_pixels',
    'unsupported_format',
    'corrupt',
  ] satisfies FailureCode[];
  results.forEach(({ result, message }, i) => {
    const { file, expect } = manifest[i] as { file: string; expect: string };
    const accepted =
      { accept: ['ok'], refuse: clean, either: ['ok', ...clean], policy: ['ok', ...clean] }[expect] ?? [];
    t.true(accepted.includes(result), `${file}: ${expect}, but ${result} ${message}`);
  });
  const peakMb = Math.max(...results.map((result) => result.peakMb));
  t.true(peakMb < 1000, `${peakMb} MB`);
  t.log(`${results.length} files, peak ${peakMb} MB`);
});

test('what was decoded before takes no memory', async (t) => {
  t.timeout(60_000);
  const folder = await mkdtemp(join(tmpdir(), 'tuhai-decoded-'));
  t.teardown(() => rm(folder, { recursive: true }));
  const photo = join(folder, 'photo.jpg');
  await writeFile(photo, await photoLikeJpeg(0));
  const results = await decodeInChild(Array(200).fill(photo), 20_000);
  const [early = 0, late = 0] = [results[49]?.peakMb, results.at(-1)?.peakMb];
  t.true(results.every(({ result }) => result === 'ok'));
  // 337 MB of pixels.
  t.true(late - early < 100, `${early} MB at first, ${late} MB in the end`);
});

const landscape = (): Promise<Buffer> => readFile(goldenPath('pictures/landscape.jpg'));

async function fails(
  t: ExecutionContext,
  bytes: Uint8Array,
  code: FailureCode,
  limits = defaultImageLimits,
): Promise<void> {
  const failure = await failureOf(bytes, limits);
  t.is(failure.code, code, failure.message);
}

async function failureOf(bytes: Uint8Array, limits: ImageLimits): Promise<{ code: string; message: string }> {
  try {
    await decodeImage(bytes, preprocessing, limits);
    return { code: 'none', message: 'it was decoded' };
  } catch (error) {
    return error as { code: string; message: string };
  }
}

/** A grey PNG of one bit a pixel; its data are those of its first rows only, unless `data` says more. */
function png(width: number, height: number, data: Uint8Array = deflateSync(Buffer.alloc(1000))): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([1, 0, 0, 0, 0], 8);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', data),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** Whole, valid and boring: seconds of decoding in few bytes. */
const slowPng = (): Buffer => png(30_000, 30_000, deflateSync(Buffer.alloc(30_000 * 3751)));

function chunk(type: string, content: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), content]);
  const frame = Buffer.alloc(body.length + 8);
  frame.writeUInt32BE(content.length, 0);
  frame.set(body, 4);
  frame.writeUInt32BE(crc32(body), body.length + 4);
  return frame;
}

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return (crc ^ 0xffffffff) >>> 0;
}
