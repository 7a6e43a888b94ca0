import test from 'ava';
import type { Row } from './compare-model.js';
import { brokenPromises } from './thresholds.js';

const logits = { differenceMax: 0, sameTop1: 1, rankCorrelationMin: 1 };
const good: Row = {
  model: 'm',
  family: 'clip',
  trained: false,
  mode: 'decoded',
  variant: 'fp32',
  pictures: 1,
  texts: 2,
  tokensEqual: 2,
  pixels: { mean: 0, worstMean: 0, max: 0 },
  image: { cosineMin: 1, differenceMax: 0 },
  text: { cosineMin: 1, differenceMax: 0 },
  logits,
};
const image = (cosineMin: number): Row['image'] => ({ cosineMin, differenceMax: 0 });

const cases: { what: string; row: Partial<Row>; broken: RegExp | null }[] = [
  { what: 'all is equal', row: {}, broken: null },
  { what: 'a text has other tokens', row: { tokensEqual: 1 }, broken: /1 of 2 texts/ },
  { what: 'decoded pixels a little off', row: { image: image(0.99989) }, broken: /image cosine 0.999890/ },
  { what: 'files may be further off', row: { mode: 'files', image: image(0.9991) }, broken: null },
  { what: 'in the fast mode further', row: { mode: 'files, fast', image: image(0.98) }, broken: null },
  { what: 'but not that far', row: { mode: 'files', image: image(0.9989) }, broken: /promised 0.999/ },
  {
    what: 'texts do not come from files',
    row: { mode: 'files', text: image(0.9991) },
    broken: /text cosine/,
  },
  { what: 'fp16 as fp32', row: { variant: 'fp16', image: image(0.9998) }, broken: /fp16/ },
  {
    what: 'int8 of a trained model',
    row: { variant: 'int8', trained: true, image: image(0.98) },
    broken: /int8/,
  },
  { what: 'int8 of random weights', row: { variant: 'int8', image: image(0.5) }, broken: null },
  {
    what: 'another logit bias',
    row: { logits: { ...logits, differenceMax: 0.2 } },
    broken: /logit is 0.20 off/,
  },
  {
    what: 'logits of fp16 may be further off',
    row: { variant: 'fp16', logits: { ...logits, differenceMax: 0.2 } },
    broken: null,
  },
  { what: 'no number at all', row: { image: image(Number.NaN) }, broken: /NaN/ },
];

for (const { what, row, broken } of cases) {
  test(`promises: ${what}`, (t) => {
    const found = brokenPromises([{ ...good, ...row }], []).join('; ');
    if (broken) t.regex(found, broken);
    else t.is(found, '');
  });
}

test('promises: a golden text with other tokens', (t) => {
  t.deepEqual(brokenPromises([], [{ texts: 'golden', equal: 3, of: 4 }]), [
    "golden: 3 of 4 texts have the reference's tokens",
  ]);
});
