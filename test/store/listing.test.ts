import { commitPage, endListing } from '@tuhai/core/store/list-page';
import { claimChunk } from '@tuhai/core/store/chunks';
import { cancelRun, finishRun, getRun, openRun } from '@tuhai/core/store/runs';
import { UsageError } from '@tuhai/core/usage-error';
import { embedAll, listRun, newCollection, objectOf, storedImages, type Collection } from './collection.js';
import { onEachDatabase } from './on-each-database.js';

const page = (runId: number, more: { cursorBefore: string | null; cursor: string; keys: string[] }) => ({
  runId,
  cursorBefore: more.cursorBefore,
  cursor: more.cursor,
  objects: more.keys.map((key) => objectOf(key)),
  unchanged: new Set<string>(),
  chunkSize: 2,
  trackKeys: false,
});

const openOf = (
  { database, sourceUri, model }: Collection,
  wanted: { prune?: boolean; labelSetIds?: number[] } = {},
) => openRun(database, { sourceUri, modelId: model.id, labelSetIds: [], prune: false, ...wanted });

onEachDatabase('a page is recorded once, and the listing goes on after it', async (t, database) => {
  const collection = await newCollection(database);
  const { id } = await openOf(collection);
  const first = page(id, { cursorBefore: null, cursor: '3', keys: ['a', 'b', 'c'] });
  t.is((await commitPage(database, first))?.length, 2);
  t.is(await commitPage(database, first), undefined, 'somebody else has listed this page already');
  t.like(await getRun(database, id), { status: 'listing', cursor: '3', listed: 3, pending: 3 });
  t.like(await openOf(collection), { id, resumed: true });
  const second = page(id, { cursorBefore: '3', cursor: '4', keys: ['d'] });
  t.is((await commitPage(database, second))?.length, 1);
  await endListing(database, id, false);
  t.is(await commitPage(database, page(id, { cursorBefore: '4', cursor: '5', keys: ['e'] })), undefined);
  t.like(await getRun(database, id), { status: 'running', cursor: null, listed: 4, pending: 4 });
});

onEachDatabase('an open run of another kind is not taken up', async (t, database) => {
  const collection = await newCollection(database);
  const { id } = await openOf(collection);
  const refused = { instanceOf: UsageError, message: new RegExp(`Run ${id} .* still open`) };
  await t.throwsAsync(openOf(collection, { prune: true }), refused);
  await t.throwsAsync(openOf(collection, { labelSetIds: [1] }), refused);
  await cancelRun(database, id);
  t.like(await openOf(collection, { prune: true }), { resumed: false });
});

onEachDatabase('a page that was listed by a cancelled run is refused', async (t, database) => {
  const { id } = await openOf(await newCollection(database));
  await cancelRun(database, id);
  t.is(await commitPage(database, page(id, { cursorBefore: null, cursor: '1', keys: ['a'] })), undefined);
});

onEachDatabase(
  'what a manifest names twice is one object, within a page and across pages',
  async (t, database) => {
    const { id } = await openOf(await newCollection(database));
    const tracked = {
      ...page(id, { cursorBefore: null, cursor: '3', keys: ['a', 'b', 'a'] }),
      trackKeys: true,
    };
    const first = (await commitPage(database, tracked)) ?? [];
    const again = { ...page(id, { cursorBefore: '3', cursor: '5', keys: ['b', 'c'] }), trackKeys: true };
    const second = (await commitPage(database, again)) ?? [];
    t.like(await getRun(database, id), { listed: 3, pending: 3 });
    const chunks = await Promise.all([...first, ...second].map((chunkId) => claimChunk(database, chunkId)));
    t.deepEqual(
      chunks.flatMap((chunk) => chunk?.objects.map(({ key }) => key)),
      ['a', 'b', 'c'],
    );
    await endListing(database, id, false);
    const { rows } = await database.pool.query('SELECT FROM listed_keys WHERE run_id = $1', [id]);
    t.is(rows.length, 0, 'nothing is remembered after the listing');
  },
);

onEachDatabase('what is unchanged is not listed for work again; what changed is', async (t, database) => {
  const collection = await newCollection(database);
  await embedAll(
    collection,
    ['a', 'b', 'c'].map((key) => objectOf(key)),
  );
  const { runId, chunkIds } = await listRun(collection, [objectOf('a'), objectOf('b', 'v2'), objectOf('c')]);
  t.like(await getRun(database, runId), { listed: 3, unchanged: 2, pending: 1 });
  t.deepEqual((await claimChunk(database, chunkIds[0] as number))?.objects, [objectOf('b', 'v2')]);
});

onEachDatabase('another model starts anew beside what is stored', async (t, database) => {
  const collection = await newCollection(database);
  await embedAll(collection, [objectOf('a')]);
  const { model } = await newCollection(database);
  const { runId } = await listRun({ ...collection, model }, [objectOf('a')]);
  t.like(await getRun(database, runId), { unchanged: 0, pending: 1 });
});

onEachDatabase(
  'prune retires what left the source, and a later listing brings it back',
  async (t, database) => {
    const collection = await newCollection(database);
    const objects = ['a', 'b', 'c'].map((key) => objectOf(key));
    const retired = async () =>
      (await storedImages(collection)).filter((image) => image.retired).map(({ key }) => key);
    const list = async (some: typeof objects, prune: boolean) => {
      const { runId } = await listRun(collection, some, { prune });
      await finishRun(database, runId);
      return getRun(database, runId);
    };
    await embedAll(collection, objects);
    await list(objects.slice(0, 1), false);
    t.deepEqual(await retired(), [], 'not without --prune');
    t.like(await list(objects.slice(0, 1), true), { retired: 2, listed: 1, unchanged: 1 });
    t.deepEqual(await retired(), ['b', 'c']);
    t.like(await list([], true), { retired: 0 });
    t.deepEqual(await retired(), ['b', 'c'], 'an empty listing retires nothing');
    t.like(await list(objects, false), { unchanged: 3 });
    t.deepEqual(await retired(), []);
  },
);
