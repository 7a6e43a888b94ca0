import { parseLabelSet } from '@tuhai/core/labels/label-set';
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
      { name: '狗', prompts: ['狗'], threshold: 0.2 },
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

const wrong: [string, string, RegExp][] = [
  [
    'an unknown field',
    'name: x\nlabels:\n  - name: 猫\n    promts: [a]\n',
    /^f\.yaml:4:5: labels\[0\] has an unknown field "promts"; known are name, prompts, threshold$/,
  ],
  [
    'an unknown mode',
    'name: x\nmode: sngle\nlabels: [a]',
    /^f\.yaml:2:7: mode must be one of single, multi$/,
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
