import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { configureSharp } from '@tuhai/core/image/configure-sharp';
import { decodeImage } from '@tuhai/core/image/decode-image';
import { defaultImageLimits } from '@tuhai/core/image/limits';
import { readBundle, type Precision } from '@tuhai/core/model/bundle';
import { loadImageTower } from '@tuhai/core/model/image-tower';
import { loadTextTower } from '@tuhai/core/model/text-tower';
import { openLabelScorer } from '@tuhai/core/labels/score-labels';
import test, { type ExecutionContext } from 'ava';
import { dot, goldenPath, readPictures, readReference, type GoldenFamily } from '../golden/golden.js';

configureSharp();
const session = { executionProviders: ['cpu'], intraOpThreads: 1 };

test('split towers in fp32 give the embeddings, tokens and logits of CLIPModel', (t) =>
  agrees(t, { dir: goldenPath('tiny-clip'), family: 'clip', precision: 'fp32' }));

test('split towers in fp16 do too', (t) =>
  agrees(t, { dir: goldenPath('tiny-clip'), family: 'clip', precision: 'fp16' }));

test('a joint graph, cut, gives those of ChineseCLIPModel', (t) =>
  agrees(t, { dir: goldenPath('tiny-chinese-clip'), family: 'chinese-clip', precision: 'fp32' }));

test('a joint graph with its weights in another file does too', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'tuhai-external-'));
  t.teardown(() => rm(dir, { recursive: true }));
  await cp(goldenPath('tiny-chinese-clip'), dir, { recursive: true });
  await cp(goldenPath('external'), join(dir, 'onnx'), { recursive: true });
  const bundle = await readBundle(dir);
  t.deepEqual(bundle.files.external, [join(dir, 'onnx', 'model.onnx_data')]);
  await agrees(t, { dir, family: 'chinese-clip', precision: 'fp32' });
});

test('pictures read from files land on the reference', async (t) => {
  const bundle = await readBundle(goldenPath('tiny-clip'));
  const tower = await loadImageTower(bundle, session);
  const reference = await readReference('clip');
  const decoded = await Promise.all(
    reference.pictures.map(async (name) =>
      decodeImage(await readFile(goldenPath(`pictures/${name}`)), bundle.preprocessing, defaultImageLimits),
    ),
  );
  const rows = await tower.embed(decoded.map(({ pixels }) => pixels));
  reference.imageEmbeds.forEach((row, i) => {
    t.true(dot(row, rowOf(rows, i, 12)) > 0.999, reference.pictures[i]);
  });
});

test('batches filled up to a power of two give the same', async (t) => {
  const bundle = await readBundle(goldenPath('tiny-clip'));
  const pictures = (await readPictures('pixels-clip.bin')).slice(0, 3);
  const [plain, filled] = await Promise.all(
    [false, true].map(async (batchBuckets) =>
      (await loadImageTower(bundle, { ...session, batchBuckets })).embed(pictures),
    ),
  );
  t.is(filled?.length, 3 * 12);
  plain?.forEach((value, i) => t.true(Math.abs(value - (filled?.[i] as number)) < 1e-6));
});

test('texts come in their order, doubles and cached ones too', async (t) => {
  const tower = await loadTextTower(await readBundle(goldenPath('tiny-clip')), {
    ...session,
    cacheEntriesMax: 2,
  });
  const first = await tower.embed(['cat', 'dog', 'cat', 'the']);
  t.deepEqual(first.slice(0, 12), first.slice(24, 36));
  t.deepEqual(
    await tower.embed(['the', 'dog', 'cat']),
    Float32Array.of(...first.slice(36), ...first.slice(12, 24), ...first.slice(0, 12)),
  );
  t.is((await tower.embed([])).length, 0);
});

test('a provider that is not there is an error, never the CPU', async (t) => {
  const bundle = await readBundle(goldenPath('tiny-clip'));
  const error = await t.throwsAsync(loadImageTower(bundle, { executionProviders: ['coreml', 'cpu'] }));
  t.is(error?.name, 'UsageError');
  t.regex(error?.message ?? '', /coreml is not available/);
});

test('a bundle that promises another dimension is refused', async (t) => {
  const bundle = await readBundle(goldenPath('tiny-clip'));
  const tower = await loadTextTower({ ...bundle, dimension: 16 }, session);
  await t.throwsAsync(tower.embed(['cat']), { name: 'UsageError', message: /\[1, 12\].*dimension 16/ });
});

interface Case {
  dir: string;
  family: GoldenFamily;
  precision: Precision;
}

async function agrees(t: ExecutionContext, { dir, family, precision }: Case): Promise<void> {
  const bundle = await readBundle(dir, { precision });
  const reference = await readReference(family);
  const [imageTower, textTower] = [
    await loadImageTower(bundle, session),
    await loadTextTower(bundle, session),
  ];
  t.deepEqual(
    reference.texts.map((text) => textTower.tokenize(text)),
    reference.ids,
  );
  const images = await imageTower.embed(await readPictures(`pixels-${family}.bin`));
  const texts = await textTower.embed(reference.texts);
  const least = precision === 'fp32' ? 0.999_999 : 0.999_9;
  reference.imageEmbeds.forEach((row, i) =>
    t.true(dot(row, rowOf(images, i, 12)) > least, reference.pictures[i]),
  );
  reference.textEmbeds.forEach((row, i) => t.true(dot(row, rowOf(texts, i, 12)) > least, reference.texts[i]));
  const labelSet = {
    mode: 'single' as const,
    top: 100,
    labels: reference.texts.map((name) => ({ name, prompts: [name] })),
  };
  const { logitScale } = reference;
  const model = { dimension: 12, logitScale, logitBias: 0 };
  const scorer = await openLabelScorer({ labels: texts, labelSet, model });
  const predictions = await scorer.score(images);
  await scorer.release();
  const tolerance = precision === 'fp32' ? 1e-4 : 1e-2;
  predictions.forEach((ranked, i) => {
    const expected = softmax(reference.logitsPerImage[i] as number[]);
    for (const { label, probability } of ranked) {
      t.true(Math.abs(probability - (expected[reference.texts.indexOf(label)] as number)) < tolerance);
    }
  });
  await Promise.all([imageTower.release(), textTower.release()]);
}

const rowOf = (rows: Float32Array, i: number, dimension: number): Float32Array =>
  rows.subarray(i * dimension, (i + 1) * dimension);

/** PyTorch's definition, written out. */
function softmax(logits: number[]): number[] {
  const weights = logits.map((logit) => Math.exp(logit - Math.max(...logits)));
  return weights.map((weight) => weight / weights.reduce((a, b) => a + b, 0));
}
