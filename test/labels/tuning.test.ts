import { calibrationError, fitTemperature, type LogitCase } from '@tuhai/core/labels/calibration';
import { parseLabelSet } from '@tuhai/core/labels/label-set';
import { pointAt, pointFor, precisionRecallCurve } from '@tuhai/core/labels/precision-recall';
import { tuneLabelSet } from '@tuhai/core/labels/tune-label-set';
import { writeThresholds } from '@tuhai/core/labels/write-thresholds';
import test from 'ava';

const judged = [
  [0.9, true],
  [0.8, false],
  [0.7, true],
  [0.7, false],
  [0.4, true],
  [0.1, false],
].map(([score, isPositive]) => ({ score: score as number, isPositive: isPositive as boolean }));

test('precision and recall, counted by hand, equal scores together', (t) => {
  t.deepEqual(precisionRecallCurve(judged), [
    { threshold: 0.9, precision: 1, recall: 1 / 3 },
    { threshold: 0.8, precision: 1 / 2, recall: 1 / 3 },
    { threshold: 0.7, precision: 2 / 4, recall: 2 / 3 },
    { threshold: 0.4, precision: 3 / 5, recall: 1 },
    { threshold: 0.1, precision: 3 / 6, recall: 1 },
  ]);
  t.deepEqual(precisionRecallCurve(judged.filter(({ isPositive }) => !isPositive)), []);
});

test('the threshold for a precision gives the greatest recall, and the other way round', (t) => {
  const curve = precisionRecallCurve(judged);
  t.is(pointFor(curve, { precision: 0.55 })?.threshold, 0.4);
  t.is(pointFor(curve, { precision: 0.95 })?.threshold, 0.9);
  t.is(pointFor(curve, { recall: 0.5 })?.threshold, 0.4);
  t.is(pointFor(curve, { recall: 0.3 })?.threshold, 0.9);
  t.is(pointFor([], { recall: 0.3 }), undefined);
});

test('a threshold on other images: precision is not said of nothing', (t) => {
  t.deepEqual(pointAt(judged, 0.75), { precision: 1 / 2, recall: 1 / 3, positives: 3 });
  t.deepEqual(pointAt(judged, 2), { recall: 0, positives: 3 });
});

/** 100 cases of logits `margin` and 0, of which `right` are as the greater logit says. */
const cases = (margin: number, right: number): LogitCase[] =>
  Array.from({ length: 100 }, (_, i) => ({ logits: Float64Array.of(margin, 0), truth: i < right ? 0 : 1 }));

test('temperature: where the likelihood has its greatest value in closed form', (t) => {
  // 80 of 100 are right: the likeliest probability is 0.8, so margin / T = ln(0.8 / 0.2).
  t.true(Math.abs(fitTemperature(cases(5, 80)) - 5 / Math.log(4)) < 1e-6);
  t.true(Math.abs(fitTemperature(cases(0.5, 80)) - 0.5 / Math.log(4)) < 1e-6);
});

test('calibration error: confidence above accuracy, weighted by bins', (t) => {
  const p = 1 / (1 + Math.exp(-5));
  t.true(Math.abs(calibrationError(cases(5, 80), 1) - (p - 0.8)) < 1e-9);
  t.true(calibrationError(cases(5, 80), 5 / Math.log(4)) < 1e-9);
  const both = [...cases(5, 80), ...cases(1, 60)];
  const q = 1 / (1 + Math.exp(-1));
  t.true(Math.abs(calibrationError(both, 1) - ((p - 0.8) / 2 + (q - 0.6) / 2)) < 1e-9);
});

test('a label set is tuned by one half of the images and judged by the other', async (t) => {
  const labelSet = parseLabelSet('name: x\nlabels: [甲, 乙]', 'x.yaml');
  // 甲 lies at 0°, 乙 at 90°; a fifth of the images is not what it looks like, and the scale overstates them all.
  const angles = Array.from({ length: 400 }, (_, i) => ((i % 40) / 40) * (Math.PI / 2));
  const images = Float32Array.from(angles.flatMap((angle) => [Math.cos(angle), Math.sin(angle)]));
  const reviewed = angles.map((angle, i) => {
    const looks = angle < Math.PI / 4 ? '甲' : '乙';
    const isOdd = Math.floor(i / 40) % 5 === 0;
    return { key: `${i}.jpg`, labels: [isOdd === (looks === '甲') ? '乙' : '甲'] };
  });
  const options = {
    labelSet,
    labels: Float32Array.of(1, 0, 0, 1),
    images,
    model: { dimension: 2, logitScale: 20, logitBias: 0 },
    target: { recall: 0.7 },
  };
  const tuned = await tuneLabelSet(reviewed, options);
  t.is(tuned.chosenBy + tuned.heldOut, 400);
  t.true(tuned.heldOut > 150 && tuned.heldOut < 250);
  t.true(tuned.temperature > 2);
  t.true(tuned.calibrationError.after < tuned.calibrationError.before * 0.7, JSON.stringify(tuned));
  for (const { recall = 0, precision = 0, threshold } of tuned.labels)
    t.true(recall > 0.55 && precision > 0.6 && threshold !== null, JSON.stringify(tuned.labels));
  t.deepEqual(await tuneLabelSet(reviewed, options), tuned);
});

test('what was found is written into the file, and nothing else is changed', (t) => {
  const text = `# 宠物
name: 宠物
labels:
  - 猫 # 家猫
  - name: 狗
    threshold: {cosine: 0.2}
  - 鸟
`;
  const written = writeThresholds(text, {
    thresholds: new Map([
      ['猫', 0.31],
      ['狗', 0.5],
    ]),
    temperature: 1.7,
  });
  t.regex(written, /^# 宠物\n/);
  const { labels, temperature } = parseLabelSet(written, 'x.yaml');
  t.is(temperature, 1.7);
  t.deepEqual(
    labels.map(({ threshold }) => threshold),
    [{ probability: 0.31 }, { cosine: 0.2, probability: 0.5 }, undefined],
  );
  const json = writeThresholds('{"name": "x", "labels": ["a"]}', {
    thresholds: new Map([['a', 0.5]]),
    temperature: 2,
  });
  t.deepEqual(JSON.parse(json), { name: 'x', labels: [{ name: 'a', threshold: 0.5 }], temperature: 2 });
});
