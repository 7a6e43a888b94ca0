import { readFile } from 'node:fs/promises';
import { centerCrop } from '@tuhai/core/image/center-crop';
import { configureSharp } from '@tuhai/core/image/configure-sharp';
import { decodeImage } from '@tuhai/core/image/decode-image';
import { defaultImageLimits } from '@tuhai/core/image/limits';
import { readPreprocessing, type Preprocessing } from '@tuhai/core/image/preprocessing';
import { resizeSize } from '@tuhai/core/image/resize-size';
import { families } from '@tuhai/core/model/families';
import test from 'ava';
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
    for (const [i, name] of pictures.entries()) {
      const { mean, max } = pixelDistance(await pixelsOf(name, preprocessing), expected[i] as Uint8Array);
      // Pillow composites alpha with a rounding of its own, before the resize.
      t.true(mean < (name === 'alpha.png' ? 0.6 : 0.45), `${name}: ${mean}`);
      t.true(max <= 6, `${name}: ${max}`);
    }
  });
}

test('a picture that grows comes out as the very pixels of Pillow', async (t) => {
  const { pictures } = await readReference('chinese-clip');
  const expected = (await readPictures('pixels-chinese-clip.bin'))[pictures.indexOf('small.png')];
  t.deepEqual(await pixelsOf('small.png', await bundled('chinese-clip')), expected);
});

test('resample 0 to 5', async (t) => {
  const preprocessing = await bundled('chinese-clip');
  const expected = await readPictures('resamples.bin');
  for (const resample of [0, 1, 2, 3, 4, 5] as const) {
    const pixels = await pixelsOf('subsampled.jpg', { ...preprocessing, resample });
    const { mean } = pixelDistance(pixels, expected[resample] as Uint8Array);
    t.true(mean < { 0: 0.05, 1: 0.4, 2: 0.6, 3: 0.4, 4: 0.05, 5: 0.05 }[resample], `${resample}: ${mean}`);
  }
});

test('the fast mode shrinks large JPEGs while it decodes them, and leaves others as they are', async (t) => {
  const exact = await bundled('clip');
  const fast = { ...exact, shrinkOnLoad: true } as const;
  const distance = async (name: string) =>
    pixelDistance(await pixelsOf(name, exact), await pixelsOf(name, fast)).mean;
  t.is(await distance('grey.png'), 0);
  const large = await distance('large.jpg');
  t.true(large > 0 && large < 3, String(large));
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
