import { findDuplicates, type DuplicateSearch } from '@tuhai/core/store/find-duplicates';
import { commitChunk } from '@tuhai/core/store/commit-chunk';
import type { Database } from '@tuhai/core/store/database';
import { finishRun } from '@tuhai/core/store/runs';
import { ensureVectorIndex } from '@tuhai/core/store/vector-index';
import {
  claim,
  embedAll,
  embeddedObject,
  listRun,
  newCollection,
  objectOf,
  results,
  type Collection,
} from './collection.js';
import { onEachDatabase } from './on-each-database.js';
import { randomMatrix, rowOf } from './random-matrix.js';

/** Each image at an angle of its own, in the plane of the first two axes. */
const embedAt = async (collection: Collection, angles: Record<string, number>) =>
  embedAll(
    collection,
    Object.keys(angles).map((key) => objectOf(key)),
    (i) => Object.values(angles)[i] ?? 0,
  );

async function find({ database, model }: Collection, search: Partial<DuplicateSearch> = {}) {
  const found = await findDuplicates(database, model, { threshold: 0.97, limit: 100, ...search });
  return { ...found, keys: found.groups.map(({ images }) => images.map(({ key }) => key)) };
}

/** More than are looked at one by one. */
const many = 10_500;
const justAbove = Math.acos(0.975);
const justBelow = Math.acos(0.965);

onEachDatabase('copies and near copies are grouped, with their cosines', async (t, database) => {
  const collection = await newCollection(database);
  await embedAt(collection, {
    a: 0,
    b: 1,
    'a copy': 0,
    c: 2,
    'b near': 1 + justAbove,
    'c far': 2 + justBelow,
  });
  const { groups, keys, examined, lastId } = await find(collection);
  t.deepEqual(keys, [
    ['a', 'a copy'],
    ['b', 'b near'],
  ]);
  groups.forEach(({ images, isPartial }, i) => {
    t.false(isPartial);
    for (const { cosine, source } of images) {
      t.true(Math.abs(cosine - (i === 0 ? 1 : 0.975)) < 1e-6);
      t.is(source, collection.sourceUri);
    }
  });
  t.deepEqual([examined, lastId], [6, undefined]);
  t.deepEqual(
    (await find(collection, { threshold: 1 })).keys,
    [['a', 'a copy']],
    'copies have a cosine of 1',
  );
  t.is((await find(collection, { threshold: 0.96 })).keys.length, 3);
});

onEachDatabase('a chain is one group, on the page of its smallest id alone', async (t, database) => {
  const collection = await newCollection(database);
  // Ids go by key. The ends are far from each other, and the link between them comes last.
  await embedAt(collection, { a: 3, 'a copy': 3, 'end 1': 0, 'end 2': 2 * justAbove, link: justAbove });
  const pages: string[][][] = [];
  for (let afterId: number | undefined = 0; afterId !== undefined;) {
    const page = await find(collection, { limit: 1, afterId });
    t.is(page.examined, 1);
    pages.push(page.keys);
    afterId = page.lastId;
  }
  t.deepEqual(pages, [[['a', 'a copy']], [], [['end 1', 'end 2', 'link']], [], []]);
});

onEachDatabase('a filter holds for every image of a group; retired ones are in none', async (t, database) => {
  const collection = await newCollection(database);
  const { runId } = await embedAt(collection, { 'x/1': 0, y2: 0, 'x/3': justAbove, 'x/4': 2 * justAbove });
  await embedAt(collection, { z5: 0 });
  t.deepEqual((await find(collection)).keys, [['x/1', 'x/3', 'x/4', 'y2', 'z5']]);
  t.deepEqual((await find(collection, { filter: { prefix: 'x/' } })).keys, [['x/1', 'x/3', 'x/4']]);
  t.deepEqual((await find(collection, { filter: { run: runId } })).keys, [['x/1', 'x/3', 'x/4', 'y2']]);
  t.deepEqual((await find(collection, { filter: { prefix: 'z' } })).keys, []);
  const kept = ['x/1', 'x/4', 'z5'].map((key) => objectOf(key));
  const { runId: prune } = await listRun(collection, kept, { prune: true });
  await finishRun(database, prune);
  t.deepEqual((await find(collection)).keys, [['x/1', 'z5']], 'the link between x/1 and x/4 is gone');
});

onEachDatabase('vectors without a direction are no copies', async (t, database) => {
  const collection = await newCollection(database);
  await embedAt(collection, { a: 0, b: 0, c: 1, d: 1 });
  await database.pool.query(
    `UPDATE embeddings SET embedding = '[0,0,0,0]' FROM images i
     WHERE i.id = image_id AND i.key IN ('a', 'b') AND model_id = $1`,
    [collection.model.id],
  );
  t.deepEqual((await find(collection)).keys, [['c', 'd']]);
});

onEachDatabase('models do not meet', async (t, database) => {
  const collection = await newCollection(database);
  const other = { ...collection, model: (await newCollection(database, 7)).model };
  await embedAt(collection, { a: 0, b: 1 });
  await embedAt(other, { a: 0, b: 0 });
  t.deepEqual((await find(collection)).keys, []);
  t.deepEqual((await find(other)).keys, [['a', 'b']]);
});

onEachDatabase('a group beyond what a page follows is partial', async (t, database) => {
  const collection = await newCollection(database);
  // A chain so long that each image knows its next neighbours only.
  const objects = Array.from({ length: 700 }, (_, i) => objectOf(`${i}`));
  await embedAll(collection, objects, (i) => (i * 2 * Math.PI) / 1_400);
  const { groups } = await find(collection, { limit: 1, threshold: 0.999 });
  t.is(groups.length, 1);
  t.true(groups[0]?.isPartial);
  t.true((groups[0]?.images.length ?? 0) > 100 && (groups[0]?.images.length ?? 700) < 700);
});

onEachDatabase('from so many images on that an index finds the neighbours', async (t, database) => {
  const dimension = 16;
  const collection = await newCollection(database, dimension);
  const matrix = randomMatrix(many, dimension);
  // Every thousandth is a copy of the one before it.
  for (let row = 1_000; row < many; row += 1_000)
    matrix.set(rowOf(matrix, row - 1, dimension), row * dimension);
  const objects = Array.from({ length: many }, (_, row) => objectOf(String(row).padStart(5, '0')));
  const { chunkIds } = await listRun(collection, objects, { chunkSize: many });
  const chunk = await claim(database, chunkIds[0]);
  const embedded = objects.map((object, row) => embeddedObject(object, rowOf(matrix, row, dimension)));
  await commitChunk(database, chunk, results({ embedded }));
  t.is(await ensureVectorIndex(database, collection.model), 'built');
  await database.pool.query('ANALYZE');
  const first = await find(collection, { threshold: 0.9999, limit: 999 });
  t.deepEqual(first.keys, []);
  const second = await find(collection, {
    threshold: 0.9999,
    limit: 100,
    ...(first.lastId && { afterId: first.lastId }),
  });
  t.deepEqual(second.keys, [['00999', '01000']]);
  const [statement] = await plansOf(database, collection);
  t.regex(statement ?? '', /Index Scan using embeddings_model_\d+_hnsw/);
});

/** How the database goes about finding pairs: the statement's own text, explained. */
async function plansOf(database: Database, { model }: Collection): Promise<string[]> {
  const plans: string[] = [];
  const explaining: Database = {
    ...database,
    transaction: (work) =>
      database.transaction((client) => {
        const query = async (text: string, values: unknown[]) => {
          if (text.includes('<=>'))
            plans.push(JSON.stringify((await client.query(`EXPLAIN ${text}`, values)).rows));
          return client.query(text, values);
        };
        return work(Object.assign(Object.create(client), { query }));
      }),
  };
  await findDuplicates(explaining, model, { threshold: 0.97, limit: 100 });
  return plans;
}
