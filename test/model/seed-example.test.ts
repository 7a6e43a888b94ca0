import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readBundle } from '@tuhai/core/model/bundle';
import test from 'ava';
import sharp from 'sharp';
import { tuhaiJson } from '../e2e/tuhai.js';
import { repositoryRoot } from '../rig/find-program.js';
import { toolsPython } from '../rig/python.js';
import { temporaryFolder } from '../source/temporary-folder.js';

const demo = join(repositoryRoot, 'models', 'demo');
const texts = ['一张猫的照片', '一张狗的照片', '一张鸟的照片'];
const labelFile = `name: seed\nlabels:\n${texts.map((text) => `  - name: ${text}\n`).join('')}`;

test("the seed example: classify gives transformers' four decimals, with the demo's checkpoint", async (t) => {
  const python = await toolsPython(t);
  if (!python) return;
  const folder = await temporaryFolder(t, { 'labels.yaml': labelFile });
  const checkpoint = join(folder, 'checkpoint');
  await python('export/checkpoint.py', demo, checkpoint);
  const pictures = await picturesOfModelSize(folder);
  const reference = (await python('reference/classify.py', checkpoint, ...pictures, ...asFlags(texts)))
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { probabilities: number[] }).probabilities);
  const ours = await tuhaiJson<{ predictions: { label: string; probability: number }[] }[]>(t, [
    'classify',
    ...pictures,
    '--labels',
    join(folder, 'labels.yaml'),
    '--model',
    demo,
  ]);
  const probabilityOf = (picture: number, text: string): number =>
    ours[picture]?.predictions.find(({ label }) => label === text)?.probability ?? Number.NaN;
  for (const [i, expected] of reference.entries()) {
    t.deepEqual(
      texts.map((text) => probabilityOf(i, text).toFixed(4)),
      expected.map((probability) => probability.toFixed(4)),
      pictures[i],
    );
  }
  t.is(reference.length, 3);
});

const asFlags = (values: readonly string[]): string[] => values.flatMap((value) => ['--text', value]);

/** Samples as PNGs of the size that the model sees: what is compared is the model, not how libvips and Pillow shrink. */
async function picturesOfModelSize(folder: string): Promise<string[]> {
  const { width, height } = (await readBundle(demo)).preprocessing.output;
  const samples = (await readdir(join(demo, 'samples', '动物'))).sort().slice(0, 3);
  return Promise.all(
    samples.map(async (sample, i) => {
      const path = join(folder, `${i}.png`);
      const picture = sharp(join(demo, 'samples', '动物', sample)).flatten({ background: '#fff' });
      await writeFile(path, await picture.resize(width, height).png().toBuffer());
      return path;
    }),
  );
}
