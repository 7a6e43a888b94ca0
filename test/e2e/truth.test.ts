import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { temporaryFolder } from '../source/temporary-folder.js';
import { embeddedStack, tinyModel } from './on-each-stack.js';
import { pictures } from './pictures.js';
import { tuhai, tuhaiJson } from './tuhai.js';

const truthOf = (i: number) => (i % 2 === 0 ? '猫' : '狗');

test('what people said is imported and gives thresholds, which the label file keeps', async (t) => {
  t.timeout(600_000);
  const stack = await embeddedStack(t);
  const env: Record<string, string> = { ...stack.env, MODEL_DIR: tinyModel };
  const images = await temporaryFolder(t, await pictures(12));
  const keys = Object.keys(await pictures(12));
  const labelFile = 'name: 动物\nmode: multi\nlabels: # 两种\n  - name: 猫\n  - name: 狗\n';
  const files = await temporaryFolder(t, {
    'labels.yaml': labelFile,
    'truth.csv': ['key,truth', ...keys.map((key, i) => `${key},${truthOf(i)}`)].join('\n'),
    'half.csv': `key,truth\n${keys[0]},狗\nnowhere.png,猫\n${keys[1]},鱼\n`,
    'labels.csv': ['key,label', ...keys.map((key, i) => `${key},${truthOf(i)}`)].join('\n'),
    'other.csv': 'file,name\na,b\n',
    'fish.csv': `key,label\n${keys[0]},鱼\n`,
    'strangers.csv': 'key,label\nnowhere.png,猫\n',
    'tasks.json': '{"not": "a list"}',
  });
  const [labels, file] = [join(files, 'labels.yaml'), (name: string) => join(files, name)];
  const refuses = async (args: readonly string[], message: RegExp) => {
    const { code, stdout, stderr } = await tuhai(t, args, { env });
    t.is(code, 2, `tuhai ${args.join(' ')}: ${stderr}`);
    t.regex(stderr, message);
    t.notRegex(stderr, /^ +at /m);
    t.is(stdout, '');
  };
  const importCsv = (name: string) => ['import', file(name), '--format', 'csv'];

  await refuses(['thresholds', labels], /No image has been embedded/);
  await tuhaiJson(t, ['run', images, '--labels', labels], { env });
  await refuses(['thresholds', labels], /No image has been reviewed under 动物/);

  t.like(await tuhaiJson(t, importCsv('truth.csv'), { env }), { imported: 12, unchanged: 0, failed: 0 });
  t.like(await tuhaiJson(t, importCsv('truth.csv'), { env }), { imported: 0, unchanged: 12, failed: 0 });
  const half = await tuhaiJson<{ problems: { line: number }[] }>(t, importCsv('half.csv'), { env, code: 3 });
  t.like(half, { imported: 1, failed: 2 });
  t.deepEqual(half.problems.map(({ line }) => line).toSorted(), [3, 4]);
  await refuses(importCsv('none.csv'), /The file cannot be read/);
  await refuses(importCsv('other.csv'), /there is no key, truth/);
  await refuses(['import', file('truth.csv')], /--format/);
  await refuses(['import', file('truth.csv'), '--format', 'xls'], /csv.*label-studio/);
  await refuses(['import', file('tasks.json'), '--format', 'label-studio'], /./);

  await refuses(['thresholds', labels, '--precision-min', '2'], /"2" must be a number from 0 to 1/);
  await refuses(['thresholds', labels, '--precision-min', '1', '--recall-min', '1'], /one follows/);
  await refuses(['thresholds', labels, '--truth', file('none.csv')], /truth cannot be read/);
  await refuses(['thresholds', labels, '--truth', file('other.csv')], /columns key and label/);
  await refuses(['thresholds', labels, '--truth', file('fish.csv')], /row 1: 动物 has no label "鱼"/);
  await refuses(['thresholds', labels, '--truth', file('strangers.csv')], /No stored image has a key/);

  interface Tuned {
    chosenBy: number;
    heldOut: number;
    temperature: number;
    labels: { label: string; threshold: number | null }[];
  }
  const ofReviews = await tuhaiJson<Tuned>(t, ['thresholds', labels, '--recall-min', '1'], { env });
  t.is(ofReviews.chosenBy + ofReviews.heldOut, 12);
  t.is(await readFile(labels, 'utf8'), labelFile, 'nothing is written unasked');
  const given = ['--truth', file('labels.csv'), '--recall-min', '1', '--write'];
  const tuned = await tuhaiJson<Tuned>(t, ['thresholds', labels, ...given], { env });
  t.deepEqual(
    tuned.labels.map(({ label, threshold }) => [label, typeof threshold]),
    [
      ['猫', 'number'],
      ['狗', 'number'],
    ],
  );
  const written = await readFile(labels, 'utf8');
  t.regex(written, /# 两种/, 'comments stay');
  for (const { threshold } of tuned.labels) t.true(written.includes(String(threshold)), written);
  t.like(await tuhaiJson(t, ['label', labels], { env }), { labelled: 12 });
});
