import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readBundle } from '@tuhai/core/model/bundle';
import { loadImageTower } from '@tuhai/core/model/image-tower';
import type { PrecisionChoice } from '@tuhai/core/model/precision';
import { loadTextTower } from '@tuhai/core/model/text-tower';
import test, { type ExecutionContext } from 'ava';
import { dot, goldenPath, readPictures, readReference, type GoldenFamily } from '../golden/golden.js';

/** Bundles as other exporters write them: a tiny model with some of its files in another form, which compute the same. */
interface Layout {
  family: GoldenFamily;
  /** From test/golden to a place in the bundle, which has no graphs else; tools/reference/make_layouts.py makes them. */
  graphs: Record<string, string>;
  precision?: PrecisionChoice;
  cosineMin?: number;
}

const layouts: Record<string, Layout> = {
  'outputs under other names, unnormalised, beside others': {
    family: 'clip',
    graphs: {
      'layouts/pooler_output.onnx': 'onnx/vision_model.onnx',
      'tiny-clip/onnx/text_model.onnx': 'onnx/text_model.onnx',
    },
  },
  'a batch of fixed size': {
    family: 'clip',
    graphs: {
      'layouts/batch_of_2.onnx': 'onnx/vision_model.onnx',
      'tiny-clip/onnx/text_model.onnx': 'onnx/text_model.onnx',
    },
  },
  'int32 token ids without a mask': {
    family: 'clip',
    graphs: {
      'tiny-clip/onnx/vision_model.onnx': 'onnx/vision_model.onnx',
      'layouts/int32_ids.onnx': 'onnx/text_model.onnx',
    },
  },
  'a mask, token types and positions': {
    family: 'chinese-clip',
    graphs: {
      'layouts/chinese_vision.onnx': 'onnx/vision_model.onnx',
      'layouts/all_inputs.onnx': 'onnx/text_model.onnx',
    },
  },
  'int8, dynamically quantised': {
    family: 'clip',
    graphs: {
      'layouts/vision_model_quantized.onnx': 'onnx/vision_model_quantized.onnx',
      'layouts/text_model_quantized.onnx': 'onnx/text_model_quantized.onnx',
    },
    precision: 'int8',
    cosineMin: 0.99,
  },
  'graphs beside config.json': {
    family: 'chinese-clip',
    graphs: { 'tiny-chinese-clip/onnx/model.onnx': 'model.onnx' },
  },
  'a joint graph with weights in two files': {
    family: 'chinese-clip',
    graphs: {
      'layouts/two-data-files/model.onnx': 'onnx/model.onnx',
      'layouts/two-data-files/model.onnx_data': 'onnx/model.onnx_data',
      'layouts/two-data-files/model.onnx_data_1': 'onnx/model.onnx_data_1',
    },
  },
  'a joint graph in fp16, from pixels to embeddings': {
    family: 'chinese-clip',
    graphs: { 'layouts/joint_fp16.onnx': 'onnx/model_fp16.onnx' },
    cosineMin: 0.9999,
  },
  'SigLIP: padded texts, no mask': {
    family: 'siglip',
    graphs: { 'tiny-siglip/onnx/model.onnx': 'onnx/model.onnx' },
  },
};

const session = { executionProviders: ['cpu'], intraOpThreads: 1 };

for (const [name, layout] of Object.entries(layouts)) {
  test(`${name}: the embeddings of transformers`, async (t) => {
    const bundle = await readBundle(await assemble(t, layout), layout);
    const reference = await readReference(layout.family);
    const imageTower = await loadImageTower(bundle, session);
    const textTower = await loadTextTower(bundle, session);
    t.teardown(() => Promise.all([imageTower.release(), textTower.release()]));
    t.deepEqual(
      reference.texts.map((text) => textTower.tokenize(text)),
      reference.ids,
    );
    const pixels = await readPictures(`pixels-${layout.family === 'clip' ? 'clip' : 'chinese-clip'}.bin`);
    const images = await imageTower.embed(pixels);
    const texts = await textTower.embed(reference.texts);
    const least = layout.cosineMin ?? 0.999_999;
    reference.imageEmbeds.forEach((row, i) =>
      t.true(dot(row, rowOf(images, i)) > least, reference.pictures[i]),
    );
    reference.textEmbeds.forEach((row, i) => t.true(dot(row, rowOf(texts, i)) > least, reference.texts[i]));
  });
}

for (const [name, family] of [
  ['a joint graph with weights in two files', 'chinese-clip'],
  ['a joint graph in fp16, from pixels to embeddings', 'chinese-clip'],
  ['SigLIP: padded texts, no mask', 'siglip'],
] as const) {
  test(`${name}: the logit scale is found in it`, async (t) => {
    const bundle = await readBundle(await assemble(t, layouts[name] as Layout));
    const { logitScale, logitBias = 0 } = await readReference(family);
    t.is(bundle.logitScaleFrom, 'graph');
    t.true(Math.abs(bundle.logitScale / logitScale - 1) < 1e-3, String(bundle.logitScale));
    t.true(Math.abs(bundle.logitBias - logitBias) < 1e-4, String(bundle.logitBias));
  });
}

test('split towers with the joint graph beside them: the scale is found there', async (t) => {
  const dir = await assemble(t, layouts['graphs beside config.json'] as Layout);
  await cp(goldenPath('tiny-clip/onnx'), join(dir, 'onnx'), { recursive: true });
  const { files, logitScaleFrom } = await readBundle(dir);
  t.is(files.layout, 'split');
  t.is(logitScaleFrom, 'graph');
});

async function assemble(t: ExecutionContext, { family, graphs }: Layout): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'tuhai-layout-'));
  t.teardown(() => rm(dir, { recursive: true }));
  await cp(goldenPath(`tiny-${family}`), dir, { recursive: true });
  await rm(join(dir, 'onnx'), { recursive: true });
  for (const [from, to] of Object.entries(graphs)) await cp(goldenPath(from), join(dir, to));
  return dir;
}

const rowOf = (rows: Float32Array, i: number): Float32Array => rows.subarray(i * 12, (i + 1) * 12);
