import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { embedLabels } from '@tuhai/core/labels/embed-labels';
import { parseLabelSet } from '@tuhai/core/labels/label-set';
import type { Prediction } from '@tuhai/core/labels/score-labels';
import { commitChunk } from '@tuhai/core/store/commit-chunk';
import { embedLabelsOnce } from '@tuhai/core/store/label-embeddings';
import { getLabelSet, registerLabelSet } from '@tuhai/core/store/label-sets';
import { countUnlabelled, labelStored } from '@tuhai/core/store/label-stored';
import { finishRun } from '@tuhai/core/store/runs';
import { UsageError } from '@tuhai/core/usage-error';
import { claim, embedAll, embeddedObject, listRun, newCollection, objectOf, results } from './collection.js';
import { onEachDatabase } from './on-each-database.js';
import { randomMatrix, rowOf } from './random-matrix.js';

const labelSetOf = () => parseLabelSet(`name: ${randomUUID()}\nlabels: [猫, 狗]`, 'test.yaml');

const exclaimed = (labels: string) =>
  parseLabelSet(`name: x\ntemplates: ['{}', '{}！']\nlabels: ${labels}`, 'x');

/** Of vectors of four dimensions. */
const allCats = async (page: Float32Array): Promise<Prediction[][]> =>
  Array.from({ length: page.length / 4 }, () => [
    { label: '猫', cosine: 1, probability: 1, rank: 1, margin: null, passed: true },
  ]);

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
  const score = async (page: Float32Array): Promise<Prediction[][]> => {
    seen.push(...page);
    return Array.from({ length: page.length / dimension }, (_, i) => {
      const cosine = page[i * dimension] ?? 0;
      return [{ label: '猫', cosine, probability: 1, rank: 1, margin: i % 2 ? null : 0.25, passed: i > 0 }];
    });
  };
  const pages: number[] = [];
  const onLabelled = (images: number) => pages.push(images);
  const { model, sourceUri } = collection;
  const options = { model, labelSetId, sourceUri, pageSize: 10, score, onLabelled };
  t.is(await countUnlabelled(database, options), count);
  t.is(await labelStored(database, options), count);
  t.deepEqual(pages.toSorted(), [10, 10, 5]);
  t.deepEqual(Float32Array.from(seen).toSorted(), matrix.toSorted());
  t.is(await labelStored(database, options), 0, 'all of them are labelled');
  const { rows } = await database.pool.query<{
    key: string;
    cosine: number;
    margin: number | null;
    passed: boolean;
  }>(
    'SELECT i.key, p.cosine, p.margin, p.passed FROM predictions p JOIN images i ON i.id = p.image_id WHERE label_set_id = $1 ORDER BY i.key',
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
  t.deepEqual(
    rows.map(({ margin, passed }) => [margin, passed]),
    rows.map((_, i) => [(i % 10) % 2 ? null : 0.25, i % 10 > 0]),
  );
});

onEachDatabase(
  'two who label the same vectors share them; one who is cut off leaves the rest',
  async (t, database) => {
    const collection = await newCollection(database);
    await embedAll(
      collection,
      Array.from({ length: 30 }, (_, i) => objectOf(`${i + 10}`)),
    );
    const { model } = collection;
    const labelSetId = await registerLabelSet(database, labelSetOf());
    const cutOff = new AbortController();
    const first = await labelStored(database, {
      model,
      labelSetId,
      score: allCats,
      pageSize: 4,
      signal: cutOff.signal,
      onLabelled: () => cutOff.abort(),
    });
    t.true(first > 0 && first < 30, `${first}`);
    const failing = { model, labelSetId, pageSize: 4, score: () => Promise.reject(new Error('out of luck')) };
    await t.throwsAsync(labelStored(database, failing), { message: 'out of luck' });
    const both = await Promise.all(
      [1, 2].map(() => labelStored(database, { model, labelSetId, score: allCats, pageSize: 4 })),
    );
    t.is(
      both.reduce((a, b) => a + b, 0),
      30 - first,
    );
    t.is(await countUnlabelled(database, { model, labelSetId }), 0);
  },
);

onEachDatabase(
  'a vector replaced while it is scored keeps no prediction of the one before',
  async (t, database) => {
    const collection = await newCollection(database);
    await embedAll(collection, [objectOf('a', 'v1')], () => 0);
    const { model } = collection;
    const labelSetId = await registerLabelSet(database, labelSetOf());
    let replaced: Promise<unknown> | undefined;
    const score = async (page: Float32Array): Promise<Prediction[][]> => {
      // Waits for the lock that the labelling holds, or, on the embedded database, for its turn.
      replaced ??= embedAll(collection, [objectOf('a', 'v2')], () => 1);
      await Promise.race([replaced, sleep(200)]);
      return [
        [{ label: '猫', cosine: page[0] as number, probability: 1, rank: 1, margin: null, passed: true }],
      ];
    };
    await labelStored(database, { model, labelSetId, score });
    await replaced;
    await labelStored(database, { model, labelSetId, score });
    const { rows } = await database.pool.query<{ cosine: number }>(
      'SELECT cosine::float8 FROM predictions WHERE label_set_id = $1',
      [labelSetId],
    );
    t.is(rows.length, 1);
    t.true(Math.abs((rows[0]?.cosine as number) - Math.cos(1)) < 1e-6);
  },
);

onEachDatabase('label sets come back as they were', async (t, database) => {
  const labelSet = labelSetOf();
  const labelSetId = await registerLabelSet(database, labelSet);
  t.deepEqual(await getLabelSet(database, labelSetId), labelSet);
  await t.throwsAsync(getLabelSet(database, labelSetId + 1_000), { instanceOf: UsageError });
});

onEachDatabase('only labels that no label set had are embedded', async (t, database) => {
  const { id: modelId } = (await newCollection(database, 2)).model;
  const embedded: string[][] = [];
  const embed = async (texts: readonly string[]) => {
    embedded.push([...texts]);
    return Float32Array.from(texts.flatMap((text) => [text.length, 1]));
  };
  const first = exclaimed('[猫, 小狗]');
  const matrix = await embedLabelsOnce(database, { modelId, labelSet: first, embed });
  t.deepEqual(matrix, await embedLabels(first, { embed }));
  embedded.length = 0;
  t.deepEqual(await embedLabelsOnce(database, { modelId, labelSet: first, embed }), matrix);
  t.deepEqual(embedded, []);
  const changed = await embedLabelsOnce(database, {
    modelId,
    labelSet: exclaimed('[金丝雀, 小狗, 猫]'),
    embed,
  });
  t.deepEqual(embedded, [['金丝雀', '金丝雀！']]);
  t.deepEqual(changed.subarray(2), Float32Array.of(...matrix.subarray(2), ...matrix.subarray(0, 2)));
});

onEachDatabase('predictions go with their image', async (t, database) => {
  const collection = await newCollection(database);
  await embedAll(collection, [objectOf('a'), objectOf('b')]);
  const { model, sourceUri } = collection;
  const labelSetId = await registerLabelSet(database, labelSetOf());
  await labelStored(database, { model, labelSetId, score: allCats });
  await database.pool.query(
    `DELETE FROM images i USING sources s WHERE s.id = i.source_id AND s.uri = $1 AND i.key = 'a'`,
    [sourceUri],
  );
  const { rows } = await database.pool.query('SELECT FROM predictions WHERE label_set_id = $1', [labelSetId]);
  t.is(rows.length, 1);
});
