import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { configureSharp } from '@tuhai/core/image/configure-sharp';
import { defaultImageLimits } from '@tuhai/core/image/limits';
import { parseLabelSet } from '@tuhai/core/labels/label-set';
import { ranksOf, retrievalScores } from '@tuhai/core/labels/retrieval-metrics';
import { evalClassification } from '@tuhai/cli/direct/eval-classification';
import { evalRetrieval } from '@tuhai/cli/direct/eval-retrieval';
import { openModel, type OpenModel } from '@tuhai/cli/direct/open-model';
import test, { type ExecutionContext } from 'ava';
import { sharedData } from '../shared-data.js';

configureSharp();

test('recall, mean recall and mean average precision, counted by hand', (t) => {
  const scores = retrievalScores([[1], [3, 2], [7], [40]]);
  t.deepEqual(
    [scores.queries, scores.recallAt1, scores.recallAt5, scores.recallAt10, scores.meanRecall],
    [4, 1 / 4, 2 / 4, 3 / 4, 1 / 2],
  );
  t.true(Math.abs(scores.meanAveragePrecision - (1 + (1 / 2 + 2 / 3) / 2 + 1 / 7 + 1 / 40) / 4) < 1e-12);
});

test('ranks: the greatest first, equal ones as they are given', (t) => {
  t.deepEqual(ranksOf(Float64Array.of(0.1, 0.9, 0.5, 0.9), [0, 1, 2, 3]), [4, 1, 3, 2]);
});

const noFailure = (key: string): never => {
  throw new Error(`${key} failed`);
};
const how = { limits: defaultImageLimits, onFailure: noFailure };

async function open(t: ExecutionContext, dir: string): Promise<{ model: OpenModel; scratch: string }> {
  const model = await openModel(dir, { executionProviders: ['cpu'], intraOpThreads: 1 });
  const scratch = await mkdtemp(join(tmpdir(), 'tuhai-eval-'));
  t.teardown(async () => {
    await model.release();
    await rm(scratch, { recursive: true, force: true });
  });
  return { model, scratch };
}

test('captions find their photographs, and photographs their captions', async (t) => {
  const folder = sharedData(t, 'captioned');
  const modelDir = sharedData(t, 'photo-model');
  if (!folder || !modelDir) return;
  const { model, scratch } = await open(t, modelDir);
  const captions = JSON.parse(await readFile(join(folder, 'captions.json'), 'utf8')) as Record<
    string,
    { zh: string[] }
  >;
  const lines = Object.entries(captions).flatMap(([name, { zh }]) =>
    zh.map((text, i) =>
      JSON.stringify({ text_id: `${name}${i}`, text, image_ids: [name.replace(/\.jpg$/, '')] }),
    ),
  );
  const texts = join(scratch, 'test_texts.jsonl');
  await writeFile(texts, lines.join('\n'));
  const report = await evalRetrieval(model, { texts, images: join(folder, 'images') }, how);
  t.log(JSON.stringify(report));
  t.is(report.texts, lines.length);
  t.is(report.imageToText.queries, Object.keys(captions).length);
  // By chance a caption finds its photograph among ten of so many:
  t.true(report.textToImage.recallAt10 > (2 * 10) / report.images);
});

test('wrong texts are told with their line', async (t) => {
  const { model, scratch } = await open(t, 'models/demo');
  const texts = join(scratch, 'texts.jsonl');
  await writeFile(texts, '{"text": "猫", "image_ids": [7]}\n{"text": 3}\n');
  const told = evalRetrieval(model, { texts, images: scratch }, how);
  await t.throwsAsync(told, {
    name: 'UsageError',
    message: /texts\.jsonl:2: there must be text and image_ids/,
  });
  await writeFile(texts, '{"text": "猫", "image_ids": [7]}\n');
  const missing = evalRetrieval(model, { texts, images: scratch }, how);
  await t.throwsAsync(missing, { name: 'UsageError', message: /no image for 1 of 1 ids, 7 among them/ });
});

test('demo pictures in folders by name and by number are what their folders say', async (t) => {
  const { model, scratch } = await open(t, 'models/demo');
  const classes = [
    ['0', '食物/watermelon.jpg'],
    ['1', '食物/披萨.jpg'],
    ['草莓', '食物/strawberry.jpg'],
  ] as const;
  for (const [name, picture] of classes) {
    await mkdir(join(scratch, name));
    await cp(join('models/demo/samples', picture), join(scratch, name, 'a.jpg'));
  }
  const labelSet = parseLabelSet('name: x\nlabels: [西瓜, 披萨, 草莓]', 'x.yaml');
  const report = await evalClassification(model, scratch, labelSet, how);
  t.deepEqual(report, { images: 3, classes: 3, top1: 1, top5: 1, meanPerClass: 1 });
  const swapped = parseLabelSet('name: x\nlabels: [披萨, 西瓜, 草莓]', 'x.yaml');
  t.is((await evalClassification(model, scratch, swapped, how)).top1, 1 / 3);
  await mkdir(join(scratch, '飞机'));
  await t.throwsAsync(evalClassification(model, scratch, labelSet, how), {
    name: 'UsageError',
    message: /飞机 is the name or number of no label/,
  });
});
