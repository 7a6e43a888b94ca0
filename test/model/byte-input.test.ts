import { readFile } from 'node:fs/promises';
import { readPreprocessing, type Preprocessing } from '@tuhai/core/image/preprocessing';
import { byteInputName, takeBytes } from '@tuhai/core/model/byte-input';
import { families } from '@tuhai/core/model/families';
import { fromFloat16 } from '@tuhai/core/model/float16';
import { inMemory } from '@tuhai/core/model/wire-format';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import test from 'ava';
import { goldenPath, readPictures, readReference } from '../golden/golden.js';

const preprocessing = readPreprocessing(
  { size: { width: 32, height: 32 }, do_center_crop: false },
  families.clip.preprocessing,
  'x.json',
);

test('a tower that takes bytes gets the pixel values of the image processor', async (t) => {
  const { firstPixelValues } = await readReference('clip');
  const picture = (await readPictures('pixels-clip.bin'))[0] as Uint8Array;
  const values = await pixelValues('layouts/identity.onnx', preprocessing, [picture]);
  t.is(values.length, 3 * 32 * 32);
  firstPixelValues.forEach((value, i) => t.true(Math.abs(value - (values[i * 64] as number)) < 2e-6));
});

test('in half precision where the tower takes that', async (t) => {
  const pictures = (await readPictures('pixels-clip.bin')).slice(0, 2);
  const single = await pixelValues('layouts/identity.onnx', preprocessing, pictures);
  const half = await pixelValues('layouts/identity_fp16.onnx', preprocessing, pictures);
  t.true(half.every((value, i) => Math.abs(value - (single[i] as number)) < 1e-3));
});

test('switches that are off leave the bytes as they are', async (t) => {
  const off = { ...preprocessing, rescaleFactor: 1, mean: [0, 0, 0], std: [1, 1, 1] } as const;
  const picture = Uint8Array.from({ length: 3 * 32 * 32 }, (_, i) => i % 256);
  const values = await pixelValues('layouts/identity.onnx', off, [picture]);
  const planes = [0, 1, 2].flatMap((channel) => [...picture].filter((_, i) => i % 3 === channel));
  t.deepEqual([...values], planes);
});

const refused: [string, string, Preprocessing, RegExp][] = [
  [
    'pictures of another size',
    'layouts/batch_of_2.onnx',
    { ...preprocessing, output: { width: 24, height: 32 } },
    /input pixel_values is \[2, 3, 32, 32\]; preprocessor_config\.json makes pictures for \[2, 3, 32, 24\]/,
  ],
  ['texts', 'tiny-clip/onnx/text_model.onnx', preprocessing, /has input_ids, attention_mask/],
  [
    'token ids',
    'layouts/int32_ids.onnx',
    preprocessing,
    /input input_ids is int32; it must be float32 or float16/,
  ],
];

for (const [what, graph, scaling, message] of refused) {
  test(`a graph that takes ${what} is refused`, async (t) => {
    const onnx = await readFile(goldenPath(graph));
    t.throws(() => takeBytes(inMemory(onnx), scaling), { name: 'UsageError', message });
  });
}

async function pixelValues(
  graph: string,
  scaling: Preprocessing,
  pictures: Uint8Array[],
): Promise<Float32Array> {
  const { onnx, batchSize } = takeBytes(inMemory(await readFile(goldenPath(graph))), scaling);
  const session = await InferenceSession.create(onnx);
  const pixels = new Tensor('uint8', Buffer.concat(pictures), [pictures.length, 32, 32, 3]);
  const { out } = await session.run({ [byteInputName]: pixels });
  await session.release();
  if (batchSize !== null || !out) throw new Error('the golden graph is free in its batch');
  return out.type === 'float16' ? fromFloat16(out.data as Uint16Array) : (out.data as Float32Array);
}
