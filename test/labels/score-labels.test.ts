import { embedLabels } from '@tuhai/core/labels/embed-labels';
import { scoreLabels } from '@tuhai/core/labels/score-labels';
import test from 'ava';

const images = Float32Array.of(0.6, 0.8, 0, 1);
const labels = Float32Array.of(1, 0, 0, 1, 0.8, 0.6);
const names = ['甲', '乙', '丙'].map((name) => ({ name, prompts: [name] }));
const input = { images, labels, dimension: 2, logitScale: 10, logitBias: 0 };

test('single: softmax over all labels, best first, cut to the top', (t) => {
  const [first, second] = scoreLabels({ ...input, labelSet: { mode: 'single', labels: names, top: 2 } });
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
  t.true(Math.abs((first?.[0]?.probability as number) - Math.exp(9.6) / sum) < 1e-6);
  t.true(Math.abs((first?.[1]?.cosine as number) - 0.8) < 1e-6);
});

test('multi of a softmax model: each label against the average of the others', (t) => {
  const [[best] = []] = scoreLabels({ ...input, labelSet: { mode: 'multi', labels: names, top: 1 } });
  t.is(best?.label, '丙');
  t.true(Math.abs((best?.probability as number) - 1 / (1 + Math.exp(-10 * (0.96 - 0.7)))) < 1e-6);
});

test('multi of a sigmoid model: each label on its own, with the bias', (t) => {
  const labelSet = { mode: 'multi' as const, labels: names, top: 3 };
  const [[best] = []] = scoreLabels({ ...input, labelSet, logitBias: -8, scoring: 'sigmoid' });
  t.true(Math.abs((best?.probability as number) - 1 / (1 + Math.exp(-1.6))) < 1e-6);
});

test('one label alone is certain in single mode and weighed in multi', (t) => {
  const one = { ...input, labels: Float32Array.of(1, 0) };
  const score = (mode: 'single' | 'multi'): number | undefined =>
    scoreLabels({ ...one, labelSet: { mode, labels: names.slice(0, 1), top: 5 } })[0]?.[0]?.probability;
  t.is(score('single'), 1);
  t.true(Math.abs((score('multi') as number) - 1 / (1 + Math.exp(-6))) < 1e-6);
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
