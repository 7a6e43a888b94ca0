import { embedLabels } from '@tuhai/core/labels/embed-labels';
import { probabilitiesOf } from '@tuhai/core/labels/probabilities';
import { openLabelScorer, type LabelScorerOptions, type Prediction } from '@tuhai/core/labels/score-labels';
import { answersOf } from '@tuhai/core/labels/thresholds';
import { cosinesTo } from '@tuhai/core/model/cosines';
import test from 'ava';
import { randomMatrix } from '../store/random-matrix.js';

const images = Float32Array.of(0.6, 0.8, 0, 1);
const labels = Float32Array.of(1, 0, 0, 1, 0.8, 0.6);
const names = ['甲', '乙', '丙'].map((name) => ({ name, prompts: [name] }));
const model = { dimension: 2, logitScale: 10, logitBias: 0 };

async function score(options: LabelScorerOptions, of: Float32Array = images): Promise<Prediction[][]> {
  const scorer = await openLabelScorer({ ...options, intraOpThreads: 1 });
  try {
    return await scorer.score(of);
  } finally {
    await scorer.release();
  }
}

const near = (actual: number | null | undefined, expected: number): boolean =>
  Math.abs((actual ?? NaN) - expected) < 1e-6;
const sigmoid = (logit: number): number => 1 / (1 + Math.exp(-logit));

test('single: softmax over all labels, best first, cut to the top', async (t) => {
  const [first, second] = await score({ model, labels, labelSet: { mode: 'single', labels: names, top: 2 } });
  t.deepEqual(
    first?.map(({ label, rank }) => [label, rank]),
    [
      ['丙', 1],
      ['乙', 2],
    ],
  );
  t.deepEqual(
    second?.map(({ label }) => label),
    ['乙', '丙'],
  );
  const sum = Math.exp(6) + Math.exp(8) + Math.exp(9.6);
  t.true(near(first?.[0]?.probability, Math.exp(9.6) / sum));
  t.true(near(first?.[1]?.cosine, 0.8));
  t.true(near(first?.[0]?.margin, 0.16));
  t.true(near(first?.[1]?.margin, 0.2), 'to the one that was cut off');
});

test('the last label of all has no margin', async (t) => {
  const [first] = await score({ model, labels, labelSet: { mode: 'single', labels: names, top: 5 } });
  t.deepEqual(
    first?.map(({ margin }) => margin === null),
    [false, false, true],
  );
});

test('a temperature makes probabilities flatter and changes no rank', async (t) => {
  const labelSet = { mode: 'single' as const, labels: names, top: 2, temperature: 2 };
  const [first] = await score({ model, labels, labelSet });
  t.true(near(first?.[0]?.probability, Math.exp(4.8) / (Math.exp(3) + Math.exp(4) + Math.exp(4.8))));
});

test('multi of a softmax model: each label against the average of the others', async (t) => {
  const [[best] = []] = await score({ model, labels, labelSet: { mode: 'multi', labels: names, top: 1 } });
  t.is(best?.label, '丙');
  t.true(near(best?.probability, sigmoid(10 * (0.96 - 0.7))));
});

test('multi of a sigmoid model: each label on its own, with the bias', async (t) => {
  const labelSet = { mode: 'multi' as const, labels: names, top: 3 };
  const [[best] = []] = await score({
    labels,
    labelSet,
    model: { ...model, logitBias: -8, scoring: 'sigmoid' },
  });
  t.true(near(best?.probability, sigmoid(1.6)));
});

test('pairwise: softmax over a label and its negatives, ranked by the difference', async (t) => {
  const pairs = Float32Array.of(1, 0, 0, 1, 0, 1, 0.6, 0.8);
  const labelSet = { mode: 'pairwise' as const, labels: names.slice(0, 2), top: 2 };
  const [first] = await score({ model, labels: pairs, labelSet });
  // 甲: 0.6 against 0.8; 乙: 0.8 against 1
  const found = first?.map(({ label, cosine, probability, margin }) => [label, cosine, probability, margin]);
  t.deepEqual(
    found?.map(([label]) => label),
    ['甲', '乙'],
  );
  t.true(near(found?.[0]?.[1] as number, 0.6) && near(found?.[1]?.[1] as number, 0.8));
  t.true(near(found?.[0]?.[2] as number, sigmoid(-2)) && near(found?.[1]?.[3] as number, -0.2));
});

test('one label alone is certain in single mode and weighed in multi', async (t) => {
  const set = { labels: names.slice(0, 1), top: 5 };
  const one = { model, labels: Float32Array.of(1, 0) };
  const [single] = await score({ ...one, labelSet: { ...set, mode: 'single' } });
  const [multi] = await score({ ...one, labelSet: { ...set, mode: 'multi' } });
  t.is(single?.[0]?.probability, 1);
  t.true(near(multi?.[0]?.probability, sigmoid(6)));
});

test('thresholds: of the label, else of the set, on probability, cosine or both', async (t) => {
  const labelSet = {
    mode: 'multi' as const,
    top: 3,
    threshold: { cosine: 0.7 },
    labels: [
      { ...names[0], threshold: { probability: 0 } },
      names[1],
      { ...names[2], threshold: { probability: 0.99, cosine: 0 } },
    ] as LabelScorerOptions['labelSet']['labels'],
  };
  const [first = []] = await score({ model, labels, labelSet });
  const passed = Object.fromEntries(first.map((p) => [p.label, p.passed]));
  t.deepEqual(passed, { 甲: true, 乙: true, 丙: false });
  t.deepEqual(answersOf(labelSet, first), ['乙', '甲']);
});

test('"none of these" competes where it has prompts, and answers where nothing passes', async (t) => {
  const none = { name: '以上都不是', prompts: ['照片'] };
  const labelSet = { mode: 'single' as const, labels: names.slice(0, 2), top: 5, none };
  const [first = [], second = []] = await score({ model, labels, labelSet });
  t.deepEqual(
    first.map(({ label, passed }) => [label, passed]),
    [
      ['以上都不是', true],
      ['乙', true],
      ['甲', true],
    ],
  );
  t.deepEqual(answersOf(labelSet, first), ['以上都不是']);
  t.deepEqual(answersOf(labelSet, second), ['乙']);
  t.false(second.find(({ label }) => label === none.name)?.passed);
  const strict = { ...labelSet, threshold: { cosine: 1.1 }, none: { name: '无', prompts: [] } };
  const [nothing = []] = await score({ model, labels: labels.subarray(0, 4), labelSet: strict });
  t.deepEqual(answersOf(strict, nothing), ['无']);
  t.deepEqual(answersOf({ mode: 'multi' }, nothing), []);
});

test('many images and labels: as cosines and probabilities one by one', async (t) => {
  const [count, dimension, size] = [1_500, 24, 70];
  const many = randomMatrix(count, dimension);
  const rows = randomMatrix(size, dimension, 7);
  const set = Array.from({ length: size }, (_, i) => ({ name: `${i}`, prompts: [`${i}`] }));
  const random = { dimension, logitScale: 100, logitBias: 0 };
  for (const mode of ['single', 'multi'] as const) {
    const found = await score({ model: random, labels: rows, labelSet: { mode, labels: set, top: 3 } }, many);
    t.is(found.length, count);
    found.forEach((predictions, i) => {
      const cosines = cosinesTo(many.subarray(i * dimension, (i + 1) * dimension), rows);
      const probabilities = probabilitiesOf(cosines, { mode, ...random });
      const order = Array.from(cosines.keys()).toSorted(
        (a, b) => (cosines[b] as number) - (cosines[a] as number),
      );
      predictions.forEach(({ label, cosine, probability, margin }, rank) => {
        const [at, next] = order.slice(rank) as [number, number];
        const isRight =
          label === `${at}` &&
          near(cosine, cosines[at] as number) &&
          Math.abs(probability - (probabilities[at] as number)) < 1e-4 &&
          near(margin, (cosines[at] as number) - (cosines[next] as number));
        if (!isRight) t.fail(`${mode}: image ${i}, rank ${rank + 1}`);
      });
    });
  }
});

test('equal cosines stand in the order of the set', async (t) => {
  const twins = Float32Array.of(0, 1, 1, 0, 0, 1);
  const [, second] = await score({
    model,
    labels: twins,
    labelSet: { mode: 'single', labels: names, top: 3 },
  });
  t.deepEqual(
    second?.map(({ label }) => label),
    ['甲', '丙', '乙'],
  );
});

test("vectors that are not the label set's are refused", async (t) => {
  const labelSet = { mode: 'pairwise' as const, labels: names, top: 3 };
  await t.throwsAsync(openLabelScorer({ model, labels, labelSet }), { instanceOf: RangeError });
});

test('a label is the normalised mean of its prompts in every template', async (t) => {
  const seen: string[] = [];
  const vectors: Record<string, [number, number]> = {
    A猫: [1, 0],
    A小猫: [0, 1],
    猫: [1, 0],
    小猫: [0.6, 0.8],
    A狗: [0, 1],
    狗: [0, 1],
  };
  const tower = {
    embed: async (texts: readonly string[]) => {
      seen.push(...texts);
      return Float32Array.from(texts.flatMap((text) => vectors[text] as [number, number]));
    },
  };
  const set = {
    templates: ['A{}', '{}'],
    labels: [
      { name: '猫', prompts: ['猫', '小猫'] },
      { name: '狗', prompts: ['狗'] },
    ],
  };
  const rows = await embedLabels(set, tower);
  t.deepEqual(seen, ['A猫', 'A小猫', '猫', '小猫', 'A狗', '狗']);
  const length = Math.hypot(2.6, 1.8);
  [2.6 / length, 1.8 / length, 0, 1].forEach((value, i) =>
    t.true(Math.abs(value - (rows[i] as number)) < 1e-6),
  );
});
