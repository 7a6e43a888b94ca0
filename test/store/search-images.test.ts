import type { Database } from '@tuhai/core/store/database';
import { registerLabelSet } from '@tuhai/core/store/label-sets';
import { parseLabelSet } from '@tuhai/core/labels/label-set';
import { commitChunk } from '@tuhai/core/store/commit-chunk';
import { getEmbedding, searchImages, type SearchHit } from '@tuhai/core/store/search-images';
import { finishRun } from '@tuhai/core/store/runs';
import { ensureVectorIndex } from '@tuhai/core/store/vector-index';
import type { ImageFilter } from '@tuhai/core/store/image-filter';
import { partitionOf } from '@tuhai/core/store/register-model';
import { UsageError } from '@tuhai/core/usage-error';
import {
  claim,
  embedAll,
  embeddedObject,
  listRun,
  newCollection,
  objectOf,
  results,
  vectorAt,
  type Collection,
} from './collection.js';
import { onEachDatabase } from './on-each-database.js';
import { randomMatrix, rowOf } from './random-matrix.js';

const keysOf = (hits: SearchHit[]) => hits.map(({ key }) => key);

onEachDatabase('the nearest come first, with their cosines', async (t, database) => {
  const collection = await newCollection(database);
  await embedAll(
    collection,
    ['a', 'b', 'c'].map((key) => objectOf(key)),
    (i) => i * 0.5,
  );
  const search = (k: number, angle: number) =>
    searchImages(database, collection.model, { vector: vectorAt(4, angle), k });
  const hits = await search(3, 0.4);
  t.deepEqual(keysOf(hits), ['b', 'a', 'c']);
  hits.forEach(({ cosine }, i) => t.true(Math.abs(cosine - Math.cos([0.1, 0.4, 0.6][i] ?? 0)) < 1e-6));
  t.deepEqual(keysOf(await search(1, 1)), ['c']);
  t.is(hits[0]?.source, collection.sourceUri);
});

onEachDatabase('filters: prefix, source, run, an image left out, retired images', async (t, database) => {
  const collection = await newCollection(database);
  const objects = ['a/1', 'a/2', 'a_3', 'ab%/4'].map((key) => objectOf(key));
  const { runId: first } = await embedAll(collection, objects);
  const { runId: second } = await embedAll(collection, [...objects, objectOf('b/5')]);
  const elsewhere = { ...collection, sourceUri: `${collection.sourceUri}other/` };
  await embedAll(elsewhere, [objectOf('a/1')]);
  const search = async (filter: object, more: object = {}) =>
    keysOf(
      await searchImages(database, collection.model, { vector: vectorAt(4, 0), k: 10, filter, ...more }),
    ).toSorted();
  t.deepEqual(await search({ prefix: 'a/' }), ['a/1', 'a/1', 'a/2']);
  t.deepEqual(await search({ prefix: 'a_' }), ['a_3'], 'a prefix is no pattern');
  t.deepEqual(await search({ prefix: 'ab%' }), ['ab%/4']);
  t.deepEqual(await search({ prefix: 'a/', source: elsewhere.sourceUri }), ['a/1']);
  t.deepEqual(await search({ run: second }), ['b/5']);
  t.is((await search({ run: first })).length, 4);
  const [one] = await searchImages(database, collection.model, {
    vector: vectorAt(4, 0),
    k: 1,
    filter: { run: second },
  });
  t.deepEqual(await search({ run: second }, { exceptImageId: one?.imageId }), []);
  const { runId: prune } = await listRun(collection, objects.slice(0, 1), { prune: true });
  await finishRun(database, prune);
  t.deepEqual(await search({ source: collection.sourceUri }), ['a/1'], 'retired images are not found');
});

onEachDatabase('filters: label with its least probability and cosine', async (t, database) => {
  const collection = await newCollection(database);
  const labelSet = parseLabelSet(`name: ${collection.model.fingerprint}\nlabels: [猫, 狗]`, 'test.yaml');
  const labelSetId = await registerLabelSet(database, labelSet);
  const { chunkIds } = await listRun(
    collection,
    ['a', 'b'].map((key) => objectOf(key)),
    { labelSetIds: [labelSetId] },
  );
  const chunk = await claim(database, chunkIds[0]);
  const embedded = chunk.objects.map((object, i) => {
    const label = i === 0 ? '猫' : '狗';
    const predictions = [{ label, cosine: 0.3, probability: 0.75, rank: 1, margin: null, passed: true }];
    return embeddedObject(object, vectorAt(4, 0), [[labelSetId, predictions]]);
  });
  await commitChunk(database, chunk, results({ embedded }));
  const search = async (filter: object) =>
    keysOf(await searchImages(database, collection.model, { vector: vectorAt(4, 0), k: 10, filter }));
  t.deepEqual(await search({ label: '猫' }), ['a']);
  t.deepEqual(await search({ label: '狗', probabilityMin: 0.7, cosineMin: 0.2 }), ['b']);
  t.deepEqual(await search({ label: '狗', probabilityMin: 0.8 }), []);
  t.deepEqual(await search({ label: '狗', cosineMin: 0.4 }), []);
  t.deepEqual(
    await search({ label: '狗', cosineMin: 1e-99, cosineMax: 0.999 }),
    ['b'],
    'smaller than a float4',
  );
  t.deepEqual(await search({ label: '鸟' }), []);
  await t.throwsAsync(search({ probabilityMin: 0.5 }), {
    instanceOf: UsageError,
    message: /goes with a label/,
  });
});

onEachDatabase('vectors that cannot be meant are refused', async (t, database) => {
  const { model } = await newCollection(database);
  const refused = async (vector: Float32Array, k: number, message: RegExp) => {
    await t.throwsAsync(searchImages(database, model, { vector, k }), { instanceOf: UsageError, message });
  };
  await refused(vectorAt(5, 0), 10, /has 5 dimensions; those stored for test have 4/);
  await refused(new Float32Array(4), 10, /zero vector/);
  await refused(vectorAt(4, 0), 0, /k is 0/);
  await refused(vectorAt(4, 0), 1_001, /k is 1001/);
});

onEachDatabase('models never meet, and a stored vector comes back as it was', async (t, database) => {
  const collection = await newCollection(database);
  await embedAll(collection, [objectOf('a')], () => 0.25);
  const { model: other } = await newCollection(database, 7);
  await embedAll({ ...collection, model: other }, [objectOf('a')], () => 0.5);
  const [hit] = await searchImages(database, collection.model, { vector: vectorAt(4, 0), k: 10 });
  const stored = await getEmbedding(database, collection.model, hit?.imageId ?? 0);
  t.deepEqual(stored, vectorAt(4, 0.25));
  t.deepEqual(await getEmbedding(database, other, hit?.imageId ?? 0), vectorAt(7, 0.5));
  t.is(await getEmbedding(database, (await newCollection(database)).model, hit?.imageId ?? 0), undefined);
  const wrong = embeddedObject(objectOf('a', 'v2'), vectorAt(7, 0));
  const { chunkIds } = await listRun(collection, [objectOf('a', 'v2')]);
  const chunk = await claim(database, chunkIds[0]);
  await t.throwsAsync(commitChunk(database, chunk, results({ embedded: [wrong] })), {
    message: /violates check/,
  });
});

const many = 12_000;
const dimension = 16;

onEachDatabase(
  'from 5,000 vectors on an HNSW index is built, used, and finds the nearest, filtered or not',
  async (t, database) => {
    const collection = await newCollection(database, dimension);
    t.is(await ensureVectorIndex(database, collection.model), 'not needed');
    const matrix = randomMatrix(many, dimension);
    await embedMatrix(collection, matrix);
    t.is(await ensureVectorIndex(database, collection.model), 'built');
    t.is(await ensureVectorIndex(database, collection.model), 'present');
    await database.pool.query('ANALYZE');

    const throughIndex = { ...collection, database: avoidingScans(database) };
    const queries = randomMatrix(20, dimension, 99);
    let found = 0;
    for (let i = 0; i < 20; i++) {
      const vector = rowOf(queries, i, dimension);
      const hits = await searchImages(throughIndex.database, collection.model, { vector, k: 10 });
      const exact = nearest(matrix, vector, () => true);
      found += keysOf(hits).filter((key) => exact.includes(key)).length;
    }
    t.true(found / 200 >= 0.98, `recall@10 is ${found / 200}`);
    t.regex(await planOf(throughIndex), /Index Scan using embeddings_model_\d+_hnsw/);

    // One in a hundred.
    const filter = { prefix: 'rare/' };
    const vector = rowOf(queries, 0, dimension);
    const exact = nearest(matrix, vector, (key) => key.startsWith('rare/'));
    const findRare = async () =>
      keysOf(await searchImages(database, collection.model, { vector, k: 10, filter }));
    t.deepEqual(await findRare(), exact, 'a filter does not cost hits');

    // The planner is told of so many that those which pass are too many to be looked at.
    await database.pool.query(`UPDATE pg_class SET reltuples = 1e10 WHERE oid = any ($1::regclass[])`, [
      ['images', partitionOf(collection.model)],
    ]);
    t.regex(await planOf({ ...collection, filter }), /_hnsw.*_hnsw/);
    const further = await findRare();
    t.is(further.length, 10, 'the index is searched further');
    t.true(further.filter((key) => exact.includes(key)).length >= 9);
  },
);

const keyOf = (row: number) => (row % 100 === 0 ? `rare/${row}` : `${row}`);

async function embedMatrix(collection: Collection, matrix: Float32Array): Promise<void> {
  const { database } = collection;
  const objects = Array.from({ length: many }, (_, row) => objectOf(keyOf(row)));
  const { runId, chunkIds } = await listRun(collection, objects, { chunkSize: many });
  const chunk = await claim(database, chunkIds[0]);
  const embedded = chunk.objects.map((object, row) => embeddedObject(object, rowOf(matrix, row, dimension)));
  await commitChunk(database, chunk, results({ embedded }));
  await finishRun(database, runId);
}

/** Keys of the ten rows with the greatest cosine, by looking at all of them. */
function nearest(matrix: Float32Array, vector: Float32Array, wanted: (key: string) => boolean): string[] {
  const scored = Array.from({ length: many }, (_, row) => {
    const candidate = rowOf(matrix, row, dimension);
    const cosine = candidate.reduce((sum, x, i) => sum + x * (vector[i] ?? 0), 0);
    return { key: keyOf(row), cosine };
  });
  const rows = scored.filter(({ key }) => wanted(key)).toSorted((a, b) => b.cosine - a.cosine);
  return rows.slice(0, 10).map(({ key }) => key);
}

/** Of so few vectors the planner would rather look at all. */
function avoidingScans(database: Database): Database {
  return {
    ...database,
    transaction: (work) =>
      database.transaction(async (client) => {
        await client.query('SET LOCAL enable_seqscan = off');
        return work(client);
      }),
  };
}

/** How the database goes about a search: the search's own statements, explained. */
async function planOf({
  database,
  model,
  filter = {},
}: Collection & { filter?: ImageFilter }): Promise<string> {
  const plans: unknown[] = [];
  const explaining: Database = {
    ...database,
    transaction: (work) =>
      database.transaction((client) => {
        const query = async (text: string, values: unknown[]) => {
          if (text.includes('<=>')) plans.push((await client.query(`EXPLAIN ${text}`, values)).rows);
          return client.query(text, values);
        };
        return work(Object.assign(Object.create(client), { query }));
      }),
  };
  const vector = rowOf(randomMatrix(1, dimension), 0, dimension);
  await searchImages(explaining, model, { vector, k: 10, filter });
  return JSON.stringify(plans);
}
