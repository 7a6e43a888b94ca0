import { parseLabelSet } from '@tuhai/core/labels/label-set';
import { labelTexts } from '@tuhai/core/labels/label-texts';
import test from 'ava';

const pets = `name: pets-zh
mode: single
templates: ["一张{}的照片", "{}"]
labels:
  - name: 猫
    prompts: [猫, 小猫]
  - name: 狗
    threshold: 0.2
  - 鸟
`;

test('a label file is read with what it leaves out', (t) => {
  const { version, ...set } = parseLabelSet(pets, 'pets.yaml');
  t.deepEqual(set, {
    name: 'pets-zh',
    mode: 'single',
    templates: ['一张{}的照片', '{}'],
    labels: [
      { name: '猫', prompts: ['猫', '小猫'] },
      { name: '狗', prompts: ['狗'], threshold: { probability: 0.2 } },
      { name: '鸟', prompts: ['鸟'] },
    ],
    top: 10,
  });
  t.regex(version, /^[0-9a-f]{12}$/);
});

test('JSON is read alike, and the version is that of the content, not of its layout', (t) => {
  const { version, ...set } = parseLabelSet(pets, 'pets.yaml');
  t.is(parseLabelSet(JSON.stringify(set, null, 4), 'pets.json').version, version);
  t.is(parseLabelSet(`# 宠物\n${pets}`, 'pets.yaml').version, version);
  t.not(parseLabelSet(pets.replace('小猫', '大猫'), 'pets.yaml').version, version);
});

test('all that a label file may say', (t) => {
  const { version: _, ...set } = parseLabelSet(
    `name: 安全
mode: pairwise
language: zh-CN
templates: 一张{}的照片
negatives: [日常照片]
threshold: {probability: 0.6, cosine: 0.2}
none: 正常
temperature: 1.5
top: 2
labels:
  - 血腥
  - {name: 武器, prompts: 刀枪, negatives: [玩具, 厨具], threshold: {cosine: 0.3}}
`,
    'safe.yaml',
  );
  t.deepEqual(set, {
    name: '安全',
    mode: 'pairwise',
    language: 'zh-CN',
    templates: ['一张{}的照片'],
    labels: [
      { name: '血腥', prompts: ['血腥'], negatives: ['日常照片'] },
      { name: '武器', prompts: ['刀枪'], negatives: ['玩具', '厨具'], threshold: { cosine: 0.3 } },
    ],
    threshold: { probability: 0.6, cosine: 0.2 },
    none: { name: '正常', prompts: [] },
    temperature: 1.5,
    top: 2,
  });
  t.deepEqual(labelTexts(set), [
    ['一张血腥的照片'],
    ['一张刀枪的照片'],
    ['一张日常照片的照片'],
    ['一张玩具的照片', '一张厨具的照片'],
  ]);
});

test('a preset of templates is some tens, each different and with one place', (t) => {
  const { templates } = parseLabelSet('name: x\ntemplates: zh\nlabels: [a]', 'x.yaml');
  t.true(templates.length >= 30 && new Set(templates).size === templates.length);
  t.true(templates.every((template) => template.split('{}').length === 2));
});

test('"none of these" with prompts is embedded behind the labels', (t) => {
  const set = parseLabelSet('name: x\nnone: {name: 其他, prompts: [照片, 图片]}\nlabels: [a]', 'x.yaml');
  t.deepEqual(labelTexts(set), [['a'], ['照片', '图片']]);
});

const wrong: [string, string, RegExp][] = [
  [
    'an unknown field',
    'name: x\nlabels:\n  - name: 猫\n    promts: [a]\n',
    /^f\.yaml:4:5: labels\[0\] has an unknown field "promts" \(did you mean prompts\?\); known are name, prompts, negatives, threshold$/,
  ],
  [
    'an unknown mode',
    'name: x\nmode: sngle\nlabels: [a]',
    /^f\.yaml:2:7: mode must be one of single, multi, pairwise \(did you mean single\?\)$/,
  ],
  ['no labels', 'name: x\nlabels: []', /^f\.yaml:2:9: labels must be a list/],
  ['labels left out', 'name: x', /^f\.yaml:1:1: labels must be a list/],
  ['a label twice', 'name: x\nlabels:\n - a\n - b\n - a', /^f\.yaml:5:4: label "a" is there twice$/],
  [
    'a template without a place',
    'name: x\ntemplates:\n  - "{}"\n  - 照片\nlabels: [a]',
    /^f\.yaml:4:5: templates\[1\] has no \{\} for the prompt$/,
  ],
  [
    'a threshold out of range',
    'name: x\nlabels: [{name: a, threshold: 7}]',
    /^f\.yaml:2:31: labels\[0\]\.threshold must be a number from 0 to 1$/,
  ],
  [
    'a threshold of nothing known',
    'name: x\nthreshold: {cos: 0.2}\nlabels: [a]',
    /^f\.yaml:2:13: threshold has an unknown field "cos"; known are probability, cosine$/,
  ],
  [
    'pairwise without negatives',
    'name: x\nmode: pairwise\nlabels:\n  - name: a\n    negatives: [c]\n  - b',
    /^f\.yaml:6:5: labels\[1\] has no negatives, and neither has the file/,
  ],
  [
    'negatives that nothing reads',
    'name: x\nlabels:\n  - name: a\n    negatives: [b]',
    /^f\.yaml:4:16: labels\[0\]\.negatives are for mode: pairwise$/,
  ],
  ['an unknown preset', 'name: x\ntemplates: zhh\nlabels: [a]', /^f\.yaml:2:12: templates must be one of zh/],
  [
    'a none that cannot compete',
    'name: x\nmode: multi\nnone: {name: 无, prompts: [照片]}\nlabels: [a]',
    /^f\.yaml:3:26: none competes with the labels in mode: single only/,
  ],
  [
    'a none that is a label',
    'name: x\nnone: a\nlabels: [a]',
    /^f\.yaml:2:7: none is called "a" like a label$/,
  ],
  ['a name that is none', 'name: [x]\nlabels: [a]', /^f\.yaml:1:7: name must be a text$/],
  ['no YAML', 'name: x\nlabels: [a\nmode: single', /^f\.yaml:3:1: /],
  ['a key twice', 'name: x\nname: y\nlabels: [a]', /^f\.yaml:2:1: /],
  ['nothing', '', /^f\.yaml:1:1: the file must be a mapping/],
  ['a list', '- a\n- b', /^f\.yaml:1:1: the file must be a mapping/],
];

for (const [what, text, message] of wrong) {
  test(`${what}: named with file, line and column`, (t) => {
    t.throws(() => parseLabelSet(text, 'f.yaml'), { name: 'UsageError', message });
  });
}
