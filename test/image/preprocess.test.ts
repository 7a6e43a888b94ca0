import { readFile } from 'node:fs/promises';
import { centerCrop } from '@tuhai/core/image/center-crop';
import { configureSharp } from '@tuhai/core/image/configure-sharp';
import { decodeImage } from '@tuhai/core/image/decode-image';
import { defaultImageLimits } from '@tuhai/core/image/limits';
import { readPreprocessing, type Preprocessing } from '@tuhai/core/image/preprocessing';
import { resamples } from '@tuhai/core/image/resample';
import { resizeAsPillow } from '@tuhai/core/image/resize-as-pillow';
import { resizeSize } from '@tuhai/core/image/resize-size';
import { families } from '@tuhai/core/model/families';
import test from 'ava';
import sharp from 'sharp';
import {
  goldenPath,
  pixelDistance,
  readPictures,
  readReference,
  type GoldenFamily,
} from '../golden/golden.js';

configureSharp();

for (const family of ['clip', 'chinese-clip'] satisfies GoldenFamily[]) {
  test(`pictures of every kind come out as from transformers and Pillow: ${family}`, async (t) => {
    const preprocessing = await bundled(family);
    const expected = await readPictures(`pixels-${family}.bin`);
    const { pictures } = await readReference(family);
    for (const [i, name] of pictures.entries())
      t.deepEqual(await pixelsOf(name, preprocessing), expected[i], name);
  });
}

test('resample 0 to 5', async (t) => {
  const preprocessing = await bundled('chinese-clip');
  const expected = await readPictures('resamples.bin');
  for (const resample of [0, 1, 2, 3, 4, 5] as const)
    t.deepEqual(
      await pixelsOf('subsampled.jpg', { ...preprocessing, resample }),
      expected[resample],
      `${resample}`,
    );
});

test('a picture of many bands, both ways, comes out as the same picture a band at a time', (t) => {
  const bicubic = resamples[3];
  const column = { width: 1, height: 3000 };
  const grey = Uint8Array.from({ length: 3000 * 3 }, (_, i) => (Math.floor(i / 3) * 7919) % 256);
  const thin = resizeAsPillow(grey, column, { width: 1, height: 300 }, bicubic);
  const wide = { width: 700, height: 3000 };
  const repeated = new Uint8Array(wide.width * wide.height * 3);
  for (let i = 0; i < repeated.length; i++) repeated[i] = grey[Math.floor(i / 3 / wide.width) * 3] as number;
  const low = resizeAsPillow(repeated, wide, { width: 350, height: 300 }, bicubic);
  for (let i = 0; i < low.length; i += 3) t.is(low[i], thin[Math.floor(i / 3 / 350) * 3]);
});

test('a picture of more than 32 megapixels is shrunk by libvips, within a step of the very pixels', async (t) => {
  const preprocessing = await bundled('clip');
  const [width, height] = [8000, 4001];
  const small = await readFile(goldenPath('pictures/landscape.jpg'));
  const bytes = await sharp(small)
    .resize(width, height, { fit: 'fill' })
    .png({ compressionLevel: 1 })
    .toBuffer();
  const { pixels } = await decodeImage(bytes, preprocessing, defaultImageLimits);
  const whole = await sharp(bytes).raw().toBuffer();
  const resized = resizeSize({ width, height }, preprocessing.resize);
  const very = resizeAsPillow(whole, { width, height }, resized, resamples[preprocessing.resample]);
  const crop = preprocessing.centerCrop;
  const { mean } = pixelDistance(pixels, crop ? centerCrop(very, resized, crop) : very);
  t.true(mean > 0 && mean < 1, String(mean));
});

test('the fast mode shrinks large JPEGs while it decodes them, and everything nearly as Pillow does', async (t) => {
  const exact = await bundled('clip');
  const fast = { ...exact, shrinkOnLoad: true } as const;
  const distance = async (name: string) =>
    pixelDistance(await pixelsOf(name, exact), await pixelsOf(name, fast)).mean;
  const [grey, large] = [await distance('grey.png'), await distance('large.jpg')];
  t.true(grey > 0 && grey < 0.45, String(grey));
  t.true(large > grey && large < 3, String(large));
});

test('the switches of the preprocessing switch', (t) => {
  const off = readPreprocessing(
    { do_rescale: false, do_normalize: false },
    families.clip.preprocessing,
    'x.json',
  );
  t.like(off, { rescaleFactor: 1, mean: [0, 0, 0], std: [1, 1, 1] });
  const square = readPreprocessing(
    { size: 64, do_center_crop: false },
    families.siglip.preprocessing,
    'x.json',
  );
  t.deepEqual(square.resize, { kind: 'exact', width: 64, height: 64 });
  t.deepEqual(readPreprocessing({ size: 64 }, families.clip.preprocessing, 'x.json').resize, {
    kind: 'shortest_edge',
    edge: 64,
  });
  t.throws(
    () =>
      readPreprocessing(
        { do_pad: true, pad_size: { width: 9, height: 9 } },
        families.clip.preprocessing,
        'x.json',
      ),
    {
      message: /do_pad with a pad_size is not supported/,
    },
  );
  t.throws(() => readPreprocessing({ do_resize: 'yes' }, families.clip.preprocessing, 'x.json'), {
    message: /x\.json: do_resize is "yes"/,
  });
});

test('the longer edge is truncated, as transformers does', (t) => {
  t.deepEqual(resizeSize({ width: 500, height: 333 }, { kind: 'shortest_edge', edge: 224 }), {
    width: 336,
    height: 224,
  });
  t.deepEqual(resizeSize({ width: 333, height: 500 }, { kind: 'shortest_edge', edge: 224 }), {
    width: 224,
    height: 336,
  });
});

test('a crop lies where transformers puts it', (t) => {
  const picture = Uint8Array.from({ length: 5 * 2 * 3 }, (_, i) => Math.floor(i / 3) + 1);
  t.deepEqual(red(centerCrop(picture, { width: 5, height: 2 }, { width: 2, height: 1 })), [2, 3]);
  t.deepEqual(
    red(centerCrop(picture, { width: 5, height: 2 }, { width: 3, height: 5 })),
    [0, 0, 0, 0, 0, 0, 2, 3, 4, 7, 8, 9, 0, 0, 0],
  );
});

const red = (pixels: Uint8Array): number[] => [...pixels].filter((_, i) => i % 3 === 0);

async function bundled(family: GoldenFamily): Promise<Preprocessing> {
  const path = goldenPath(`tiny-${family}/preprocessor_config.json`);
  return readPreprocessing(
    JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>,
    families.clip.preprocessing,
    path,
  );
}

async function pixelsOf(name: string, preprocessing: Preprocessing): Promise<Uint8Array> {
  const bytes = await readFile(goldenPath(`pictures/${name}`));
  return new Uint8Array((await decodeImage(bytes, preprocessing, defaultImageLimits)).pixels);
}
