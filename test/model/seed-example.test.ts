import { readdir } from 'node:fs/promises';
import { extname, join } from 'node:path';
import test from 'ava';
import { tuhaiJson } from '../e2e/tuhai.js';
import { repositoryRoot } from '../rig/find-program.js';
import { toolsPython } from '../rig/python.js';
import { temporaryFolder } from '../source/temporary-folder.js';

const demo = join(repositoryRoot, 'models', 'demo');
const texts = ['一张猫的照片', '一张狗的照片', '一张鸟的照片'];
const labelFile = `name: seed\nlabels:\n${texts.map((text) => `  - name: ${text}\n`).join('')}`;

test("the seed example: classify gives transformers' probabilities, with the demo's checkpoint and files of each format", async (t) => {
  const python = await toolsPython(t);
  if (!python) return;
  const folder = await temporaryFolder(t, { 'labels.yaml': labelFile });
  const checkpoint = join(folder, 'checkpoint');
  await python('export/checkpoint.py', demo, checkpoint);
  const pictures = await picturesOfEachFormat();
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
  t.is(reference.length, pictures.length);
  for (const [i, expected] of reference.entries()) {
    // libheif and libavif, which Pillow uses, round colours differently.
    const tolerance = pictures[i]?.endsWith('.avif') ? 0.01 : 2e-6;
    texts.forEach((text, j) => {
      const difference = Math.abs(probabilityOf(i, text) - (expected[j] as number));
      t.true(difference < tolerance, `${pictures[i]}, ${text}: ${difference}`);
    });
  }
});

const asFlags = (values: readonly string[]): string[] => values.flatMap((value) => ['--text', value]);

/** Four samples of each format, of their own sizes. */
async function picturesOfEachFormat(): Promise<string[]> {
  const entries = await readdir(join(demo, 'samples'), { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const formats = [...new Set(paths.map((path) => extname(path)))];
  return formats.flatMap((format) =>
    paths
      .filter((path) => path.endsWith(format))
      .sort()
      .slice(0, 4),
  );
}
