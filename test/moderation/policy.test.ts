import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { parseLabelSet } from '@tuhai/core/labels/label-set';
import { decide } from '@tuhai/core/moderation/decide';
import { checkPolicyLabels, parsePolicy } from '@tuhai/core/moderation/policy';
import { ranked } from '../export/labelled-collection.js';
import { repositoryRoot } from '../rig/find-program.js';

const policyOf = (rules: object[], other: object = {}) =>
  parsePolicy(JSON.stringify({ name: 'p', labelSet: 'l', rules, ...other }), 'p.json');
const image = (...labels: Parameters<typeof ranked>) => ({
  source: 's',
  key: 'k',
  predictions: ranked(...labels),
});

const readExample = (name: string) =>
  readFile(join(repositoryRoot, 'examples', 'moderation-zh', name), 'utf8');

test('what is wrong with a policy is told with its line and column', (t) => {
  const head = 'name: p\nlabelSet: l\nrules:\n';
  const wrong: [string, RegExp][] = [
    ['name: p\n', /p\.yaml:1:\d+: labelSet must be a text/],
    [
      `${head}  - {action: ban, labels: [a], cosine: 0.3}`,
      /p\.yaml:4:\d+: rules\[0\]\.action must be one of pass, review, block/,
    ],
    [`${head}  - {action: block, labels: [a]}`, /p\.yaml:4:\d+: rules\[0\] has no bound/],
    [`${head}  - {action: block, labels: [a], probability: 2}`, /p\.yaml:4:\d+: .*number from 0 to 1/],
    [`${head}  - {action: block, label: a, probability: 1}`, /p\.yaml:4:\d+: .*unknown field "label"/],
    [
      `${head}  - {action: block, labels: [a], cosine: 0.3}\nsample: {share: 1%}`,
      /p\.yaml:5:\d+: sample\.share/,
    ],
  ];
  for (const [text, message] of wrong) t.throws(() => parsePolicy(text, 'p.yaml'), { message });
});

test('a rule holds for one label at all of its bounds', (t) => {
  const policy = policyOf([{ action: 'block', labels: ['a', 'b'], probability: 0.5, cosine: 0.3 }]);
  t.is(decide(policy, image(['a', 0.9, 0.2], ['b', 0.4, 0.9])).action, 'pass', 'no label has both');
  t.deepEqual(decide(policy, image(['c', 0.95, 0.5], ['b', 0.5, 0.3])).reasons, [
    { action: 'block', rule: 1, label: 'b', cosine: 0.3, probability: 0.5 },
  ]);
  const margin = policyOf([{ action: 'review', labels: ['a', 'b'], margin: 0.25 }]);
  t.is(
    decide(margin, image(['a', 0.75], ['b', 0.7], ['c', 0.5])).action,
    'review',
    'the rule does not compete with itself',
  );
  t.is(decide(margin, image(['a', 0.7], ['c', 0.5])).action, 'pass');
  t.is(decide(policy, image()).action, 'pass');
});

test('the strictest rule decides, or the first', (t) => {
  const rules = [
    { action: 'pass', labels: ['a'], probability: 0.5 },
    { action: 'block', labels: ['b'], probability: 0.2 },
    { action: 'review', labels: ['b'], probability: 0.1 },
  ];
  const both = image(['a', 0.6], ['b', 0.3]);
  t.is(decide(policyOf(rules), both).action, 'block');
  t.is(decide(policyOf(rules, { match: 'first' }), both).action, 'pass');
  t.is(decide(policyOf(rules), both).reasons.length, 3);
  t.is(decide(policyOf(rules, { default: 'review' }), image(['c', 1])).action, 'review');
});

test('the sample is a share of the images, always the same ones', (t) => {
  const policy = policyOf([{ action: 'block', labels: ['b'], probability: 0.5 }], { sample: { share: 0.1 } });
  const picked = (label: string) =>
    Array.from(
      { length: 5_000 },
      (_, i) => decide(policy, { source: 's', key: `${i}`, predictions: ranked([label, 1]) }).sampled,
    );
  const count = picked('a').filter(Boolean).length;
  t.true(count > 400 && count < 600, `${count} of 5,000`);
  t.deepEqual(picked('a'), picked('a'));
  t.false(picked('b').includes(true), 'only of what passes, unless said otherwise');
});

test('a policy is held to its label set', (t) => {
  const policy = policyOf([{ action: 'block', labels: ['a', 'z'], probability: 0.5 }]);
  t.throws(() => checkPolicyLabels(policy, parseLabelSet('name: l\nlabels: [a, b]', 'l.yaml')), {
    message: /has no z$/,
  });
  t.throws(() => checkPolicyLabels(policy, parseLabelSet('name: l\ntop: 2\nlabels: [a, b, z]', 'l.yaml')), {
    message: /top: 3/,
  });
});

test('the ready policy and label set fit together', async (t) => {
  const policy = parsePolicy(await readExample('policy.yaml'), 'policy.yaml');
  const labelSet = parseLabelSet(await readExample('labels.yaml'), 'labels.yaml');
  t.is(policy.labelSet, labelSet.name);
  t.notThrows(() => checkPolicyLabels(policy, labelSet));
  t.is(labelSet.mode, 'single', 'every label competes with the ordinary ones');
});
