import { randomUUID } from 'node:crypto';
import { parseLabelSet } from '@tuhai/core/labels/label-set';
import type { Prediction } from '@tuhai/core/labels/score-labels';
import { getLabelMatrix, getLabelSet, putLabelMatrix, registerLabelSet } from '@tuhai/core/store/label-sets';
import { labelStoredPage } from '@tuhai/core/store/label-stored';
import { commitChunk } from '@tuhai/core/store/commit-chunk';
import { finishRun } from '@tuhai/core/store/runs';
import { claim, embeddedObject, listRun, newCollection, objectOf, results } from './collection.js';
import { onEachDatabase } from './on-each-database.js';
import { randomMatrix, rowOf } from './random-matrix.js';

const labelSetOf = () => parseLabelSet(`name: ${randomUUID()}\nlabels: [猫, 狗]`, 'test.yaml');

onEachDatabase('stored vectors are scored as they were, page by page, each once', async (t, database) => {
  const [count, dimension] = [25, 9];
  const matrix = randomMatrix(count, dimension);
  const collection = await newCollection(database, dimension);
  const { runId, chunkIds } = await listRun(
    collection,
    Array.from({ length: count }, (_, i) => objectOf(`${i + 10}`)),
  );
  const chunk = await claim(database, chunkIds[0]);
  const embedded = chunk.objects.map((object, i) => embeddedObject(object, rowOf(matrix, i, dimension)));
  await commitChunk(database, chunk, results({ embedded }));
  await finishRun(database, runId);
  const labelSetId = await registerLabelSet(database, labelSetOf());

  const seen: number[] = [];
  const score = (page: Float32Array): Prediction[][] => {
    seen.push(...page);
    return Array.from({ length: page.length / dimension }, (_, i) => [
      { label: '猫', cosine: page[i * dimension] ?? 0, probability: 1, rank: 1 },
    ]);
  };
  const pages: number[] = [];
  const options = { model: collection.model, labelSetId, sourceUri: collection.sourceUri, limit: 10, score };
  let afterImageId = 0;
  for (;;) {
    const page = await labelStoredPage(database, { ...options, afterImageId });
    if (!page) break;
    pages.push(page.images);
    afterImageId = page.lastImageId;
  }
  t.deepEqual(pages, [10, 10, 5]);
  t.deepEqual(Float32Array.from(seen), matrix);
  t.is(
    await labelStoredPage(database, { ...options, afterImageId: 0 }),
    undefined,
    'all of them are labelled',
  );
  const { rows } = await database.pool.query<{ key: string; cosine: number }>(
    'SELECT i.key, p.cosine FROM predictions p JOIN images i ON i.id = p.image_id WHERE label_set_id = $1 ORDER BY i.key',
    [labelSetId],
  );
  t.deepEqual(
    rows.map(({ key }) => key),
    chunk.objects.map(({ key }) => key),
  );
  t.deepEqual(
    rows.map(({ cosine }) => Math.fround(cosine)),
    rows.map((_, i) => matrix[i * dimension] as number),
  );
});

onEachDatabase('label sets and their matrices come back as they were', async (t, database) => {
  const labelSet = labelSetOf();
  const labelSetId = await registerLabelSet(database, labelSet);
  t.deepEqual(await getLabelSet(database, labelSetId), labelSet);
  const { model } = await newCollection(database);
  const key = { labelSetId, modelId: model.id };
  t.is(await getLabelMatrix(database, key), undefined);
  const matrix = randomMatrix(2, 4);
  await putLabelMatrix(database, key, matrix.subarray(4));
  await putLabelMatrix(database, key, matrix.subarray(4));
  t.deepEqual(await getLabelMatrix(database, key), matrix.slice(4));
  await t.throwsAsync(getLabelSet(database, 10_000), { message: /no label set 10000/ });
});
