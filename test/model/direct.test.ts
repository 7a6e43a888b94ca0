import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { configureSharp } from '@tuhai/core/image/configure-sharp';
import { defaultImageLimits as limits } from '@tuhai/core/image/limits';
import { readBundle } from '@tuhai/core/model/bundle';
import { UsageError } from '@tuhai/core/usage-error';
import { compareVariants } from '@tuhai/cli/direct/compare-variants';
import { embedFiles } from '@tuhai/cli/direct/embed-files';
import { inspectModel } from '@tuhai/cli/direct/inspect-model';
import { inspectionLines } from '@tuhai/cli/direct/inspection-lines';
import { openModel } from '@tuhai/cli/direct/open-model';
import { similarity } from '@tuhai/cli/direct/similarity';
import { tokenizeLines } from '@tuhai/cli/direct/tokenize-lines';
import test from 'ava';
import { goldenPath, readReference } from '../golden/golden.js';

configureSharp();
const session = { executionProviders: ['cpu'], intraOpThreads: 1 };

test('files are embedded in their order, and bad ones cost only themselves', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'tuhai-direct-'));
  t.teardown(() => rm(dir, { recursive: true }));
  await mkdir(join(dir, 'folder.jpg'));
  await writeFile(join(dir, 'text.jpg'), 'no picture');
  const good = goldenPath('pictures/landscape.jpg');
  const paths = [
    good,
    join(dir, 'gone.jpg'),
    join(dir, 'text.jpg'),
    goldenPath('pictures/grey.png'),
    join(dir, 'folder.jpg'),
    good,
  ];
  const model = await openModel(goldenPath('tiny-clip'), session);
  t.teardown(() => model.release());
  const results = await collect(embedFiles(model, paths, { limits, batchSize: 3 }));
  t.deepEqual(
    results.map(({ key }) => key),
    paths,
  );
  t.deepEqual(
    results.map((result) => ('failure' in result ? result.failure.code : result.embedding.length)),
    [12, 'not_found', 'unsupported_format', 12, 'unsupported_format', 12],
  );
  const [first, last] = [results[0], results[5]].map((result) =>
    result && 'embedding' in result ? result.embedding : undefined,
  );
  t.true(first?.every((value, i) => Math.abs(value - (last?.[i] as number)) < 1e-6));
});

test("the seed example: three texts and one picture give transformers' logits and probabilities", async (t) => {
  const { texts, pictures, logitsPerImage } = await readReference('chinese-clip');
  const model = await openModel(goldenPath('tiny-chinese-clip'), session);
  t.teardown(() => model.release());
  const three = texts.slice(0, 3);
  const [result] = await collect(similarity(model, [goldenPath('pictures/small.png')], three, { limits }));
  const logits = (logitsPerImage[pictures.indexOf('small.png')] as number[]).slice(0, 3);
  const weights = logits.map((logit) => Math.exp(logit));
  const sum = weights.reduce((a, b) => a + b, 0);
  if (!result || 'failure' in result) throw new Error('not embedded');
  result.texts.forEach(({ text, logit, probability }, i) => {
    t.is(text, three[i] as string);
    t.true(Math.abs(logit - (logits[i] as number)) < 1e-4);
    t.is(probability.toFixed(4), ((weights[i] as number) / sum).toFixed(4));
  });
});

test("a SigLIP model gives transformers' logits, each with a probability of its own", async (t) => {
  const { texts, pictures, logitsPerImage } = await readReference('siglip');
  const model = await openModel(goldenPath('tiny-siglip'), session);
  t.teardown(() => model.release());
  const [result] = await collect(similarity(model, [goldenPath('pictures/small.png')], texts, { limits }));
  const logits = logitsPerImage[pictures.indexOf('small.png')] as number[];
  if (!result || 'failure' in result) throw new Error('not embedded');
  result.texts.forEach(({ logit, probability }, i) => {
    t.true(Math.abs(logit - (logits[i] as number)) < 1e-4);
    t.is(probability.toFixed(6), (1 / (1 + Math.exp(-(logits[i] as number)))).toFixed(6));
  });
});

test('inspecting says what the bundle is, and tries it', async (t) => {
  const split = await inspectModel(goldenPath('tiny-clip'), session);
  t.like(split, {
    layout: 'split',
    dimension: 12,
    logitScaleFrom: 'manifest',
    notes: [],
    selfCheck: { ok: true },
  });
  t.regex(split.fingerprint, /^[0-9a-f]{64}$/);
  t.deepEqual(
    split.variants.map(({ precision, chosen, files }) => [precision, chosen, files.map(({ path }) => path)]),
    [
      ['fp32', true, ['onnx/vision_model.onnx', 'onnx/text_model.onnx']],
      ['fp16', false, ['onnx/vision_model_fp16.onnx', 'onnx/text_model_fp16.onnx']],
    ],
  );
  t.deepEqual(split.variants[1]?.files[0]?.inputs, ['pixel_values float16 [any, 3, 32, 32]']);
  t.deepEqual(split.variants[1]?.files[0]?.outputs, ['image_embeds float16 [any, 12]']);
  const joint = await inspectModel(goldenPath('tiny-chinese-clip'), session);
  t.like(joint, {
    layout: 'joint',
    logitScaleFrom: 'graph',
    tokenizer: { kind: 'WordPiece', vocabularySize: 95, lowersCase: true, padId: 0, padSide: 'right' },
    selfCheck: { ok: true },
  });
  t.regex(joint.notes.join(), /read off the end of the joint graph.*One graph holds both towers/);
  t.regex(
    inspectionLines(joint).join('\n'),
    /resized to 32×32 with Pillow's filter 3; × 0\.003922, mean 0\.48145/,
  );
});

test('inspecting names the graphs that no variant takes', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'tuhai-inspect-'));
  t.teardown(() => rm(dir, { recursive: true }));
  await cp(goldenPath('tiny-clip'), dir, { recursive: true });
  const vision = join(dir, 'onnx/vision_model');
  await cp(`${vision}.onnx`, `${vision}_q4.onnx`);
  const { notes } = await inspectModel(dir, session);
  t.deepEqual(notes, ['No variant takes these graphs: onnx/vision_model_q4.onnx.']);
});

test('a tower that does not work fails the check, and the rest is still said', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'tuhai-inspect-'));
  t.teardown(() => rm(dir, { recursive: true }));
  await cp(goldenPath('tiny-clip'), dir, { recursive: true });
  await cp(goldenPath('layouts/identity.onnx'), join(dir, 'onnx/vision_model.onnx'));
  await cp(goldenPath('tiny-chinese-clip/onnx/model.onnx'), join(dir, 'onnx/text_model.onnx'));
  await writeFile(
    join(dir, 'preprocessor_config.json'),
    JSON.stringify({
      size: { width: 32, height: 32 },
      do_center_crop: false,
      do_flip: true,
      do_convert_rgb: false,
    }),
  );
  const { selfCheck, notes } = await inspectModel(dir, session);
  t.false(selfCheck.ok);
  t.deepEqual(
    selfCheck.checks.filter(({ ok }) => !ok).map(({ what }) => what),
    ['image tower loads', 'text tower loads'],
  );
  t.regex(selfCheck.checks[0]?.detail ?? '', /which of its outputs out is the embedding/);
  t.regex(selfCheck.checks[1]?.detail ?? '', /this graph takes pixel_values as float32/);
  t.regex(notes.join(), /Nothing is made of these fields .*: do_flip, do_convert_rgb\./);
});

test('variants are compared with the best of them', async (t) => {
  const pictures = ['landscape.jpg', 'grey.png', 'animated.gif'].map((name) =>
    goldenPath(`pictures/${name}`),
  );
  const bundle = await readBundle(goldenPath('tiny-clip'));
  const [single, half, ...others] = await compareVariants(bundle, pictures, { ...session, limits });
  t.deepEqual(others, []);
  t.like(single, { precision: 'fp32', sameNearest: 1 });
  t.true(Math.abs((single?.cosineMin ?? 0) - 1) < 1e-6);
  t.is(half?.precision, 'fp16');
  t.true(
    half !== undefined && half.cosineMin < half.cosineMean && half.cosineMin > 0.9999 && half.imageMs > 0,
  );
  const gone = [...pictures, '/nowhere/gone.jpg'];
  await t.throwsAsync(compareVariants(bundle, gone, { ...session, limits }), {
    instanceOf: UsageError,
    message: /^\/nowhere\/gone\.jpg: not_found: /,
  });
});

test('lines become token ids', async (t) => {
  const { texts, ids } = await readReference('clip');
  const tokenized = await collect(tokenizeLines(goldenPath('tiny-clip'), texts));
  t.deepEqual(
    tokenized,
    ids.map((row) => ({ ids: row })),
  );
});

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const collected: T[] = [];
  for await (const item of items) collected.push(item);
  return collected;
}
