import { readFile } from 'node:fs/promises';
import { cutGraph } from '@tuhai/core/model/cut-graph';
import { inMemory } from '@tuhai/core/model/wire-format';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import test from 'ava';
import { goldenPath } from '../golden/golden.js';

const joint = goldenPath('tiny-chinese-clip/onnx/model.onnx');
const pixels = new Tensor(
  'float32',
  Float32Array.from({ length: 2 * 3 * 32 * 32 }, (_, i) => Math.sin(i)),
  [2, 3, 32, 32],
);
const ids = new Tensor('int64', BigInt64Array.of(2n, 9n, 3n, 2n, 10n, 3n), [2, 3]);
const mask = new Tensor('int64', new BigInt64Array(6).fill(1n), [2, 3]);

test('each tower cut from the joint graph computes what the joint graph does, from its own inputs', async (t) => {
  const bytes = await readFile(joint);
  const whole = await InferenceSession.create(bytes);
  const expected = await whole.run({ pixel_values: pixels, input_ids: ids, attention_mask: mask });
  const image = await InferenceSession.create(cutGraph(inMemory(bytes), { outputs: ['image_embeds'] }));
  const text = await InferenceSession.create(cutGraph(inMemory(bytes), { outputs: ['text_embeds'] }));
  t.deepEqual([...image.inputNames], ['pixel_values']);
  t.deepEqual([...image.outputNames], ['image_embeds']);
  t.deepEqual([...text.inputNames].sort(), ['attention_mask', 'input_ids']);
  const rows = await image.run({ pixel_values: pixels });
  t.deepEqual(rows['image_embeds']?.data, expected['image_embeds']?.data);
  const texts = await text.run({ input_ids: ids, attention_mask: mask });
  t.deepEqual(texts['text_embeds']?.data, expected['text_embeds']?.data);
});

test('the towers leave each other behind', async (t) => {
  const bytes = await readFile(joint);
  const sizes = ['image_embeds', 'text_embeds'].map(
    (output) => cutGraph(inMemory(bytes), { outputs: [output] }).length,
  );
  t.true((sizes[0] as number) + (sizes[1] as number) < bytes.length * 1.05);
  t.deepEqual(cutGraph(inMemory(bytes), { outputs: ['no such', 'text_embeds'] }).length, sizes[1]);
});

test('an If keeps what its branches take from around them', async (t) => {
  const bytes = await readFile(goldenPath('outer-scope.onnx'));
  const cut = await InferenceSession.create(cutGraph(inMemory(bytes), { outputs: ['chosen'] }));
  t.deepEqual([...cut.inputNames].sort(), ['condition', 'x']);
  const run = (condition: boolean): Promise<InferenceSession.OnnxValueMapType> =>
    cut.run({ condition: new Tensor('bool', [condition], []), x: new Tensor('float32', [3], [1]) });
  t.deepEqual((await run(true))['chosen']?.data, Float32Array.of(6));
  t.deepEqual((await run(false))['chosen']?.data, Float32Array.of(10));
});

test('what is no ONNX model, or lacks the output, is an error that says so', async (t) => {
  const bytes = await readFile(joint);
  t.throws(() => cutGraph(inMemory(bytes), { outputs: ['pooled'] }), {
    message: /logits_per_image.*and no pooled/,
  });
  for (const cut of [0, 1, 100, 5000]) {
    t.throws(() => cutGraph(inMemory(bytes.subarray(0, cut)), { outputs: ['image_embeds'] }), {
      instanceOf: RangeError,
    });
  }
  t.throws(
    () => cutGraph(inMemory(Buffer.from('version https://git-lfs.github.com/spec/v1')), { outputs: ['x'] }),
    { instanceOf: RangeError },
  );
});
