import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { configureSharp } from '@tuhai/core/image/configure-sharp';
import { defaultImageLimits } from '@tuhai/core/image/limits';
import { parseLabelSet } from '@tuhai/core/labels/label-set';
import { classifyFiles } from '@tuhai/cli/direct/classify-files';
import { openModel } from '@tuhai/cli/direct/open-model';
import test from 'ava';
import { sharedData } from '../shared-data.js';

configureSharp();

test("the Chinese name of a photo's class is among its top 5", async (t) => {
  const folder = sharedData(t, 'photos');
  const modelDir = sharedData(t, 'photo-model');
  if (!folder || !modelDir) return;
  const classes = JSON.parse(await readFile(join(folder, 'labels.json'), 'utf8')) as Record<
    string,
    { zh: string }
  >;
  const labels = [...new Set(Object.values(classes).map(({ zh }) => zh))].map((name) => ({ name }));
  const labelSet = parseLabelSet(JSON.stringify({ name: 'photos-zh', top: 5, labels }), 'photos-zh.json');
  const names = Object.keys(classes).filter((name) => name.startsWith('imagenet1k/'));
  const model = await openModel(modelDir, { executionProviders: ['cpu'], intraOpThreads: 1 });
  t.teardown(() => model.release());
  let found = 0;
  for await (const result of classifyFiles(
    model,
    names.map((name) => join(folder, name)),
    labelSet,
    { limits: defaultImageLimits },
  )) {
    if ('failure' in result) throw result.failure;
    const { zh } = classes[result.key.slice(folder.length + 1)] as { zh: string };
    if (result.predictions.some(({ label }) => label === zh)) found++;
  }
  t.log(`${found} of ${names.length}, ${labels.length} labels`);
  t.true(found > names.length * 0.75);
});
