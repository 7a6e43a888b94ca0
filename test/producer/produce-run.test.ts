import { setTimeout as sleep } from 'node:timers/promises';
import type { ExecutionContext } from 'ava';
import { openQueue, queueName } from '@tuhai/core/queue/connect-queue';
import { claimChunk, countOpenChunks, listOpenChunks } from '@tuhai/core/store/chunks';
import { commitChunk } from '@tuhai/core/store/commit-chunk';
import type { Database } from '@tuhai/core/store/database';
import { getRun } from '@tuhai/core/store/runs';
import { dryRun } from '@tuhai/producer/dry-run';
import { produceRun } from '@tuhai/producer/produce-run';
import {
  embedAll,
  embeddedObject,
  newCollection,
  objectOf,
  results,
  vectorAt,
  type Collection,
} from '../store/collection.js';
import { onEachDatabase } from '../store/on-each-database.js';
import { pagedSource } from './paged-source.js';

/** A run's request, with a queue of its own in the same database. */
function requestOf(t: ExecutionContext, { database, model }: Collection) {
  const { connectionString = '' } = database.pool.options;
  const onError = (error: Error) => t.log(error.message);
  const { queue, close } = openQueue(queueName(model.fingerprint), {
    databaseUrl: connectionString,
    onError,
  });
  t.teardown(close);
  return { database, queue, model, labelSetIds: [], prune: false, chunkSize: 2, openChunksMax: 1_000 };
}

async function openChunks(database: Database, runId: number): Promise<number[]> {
  const ids: number[] = [];
  for await (const some of listOpenChunks(database, runId)) ids.push(...some);
  return ids;
}

async function work(database: Database, chunkId: number): Promise<void> {
  const chunk = await claimChunk(database, chunkId);
  if (!chunk) return;
  const embedded = chunk.objects.map((object) => embeddedObject(object, vectorAt(4, 0)));
  await commitChunk(database, chunk, results({ embedded }));
}

onEachDatabase(
  'a listing that failed goes on after its last page, with each object once',
  async (t, database) => {
    const collection = await newCollection(database);
    const source = pagedSource(collection.sourceUri, 4, 3);
    const request = { ...requestOf(t, collection), source };
    source.failsAt = 3;
    await t.throwsAsync(produceRun(request), { message: /page 3 cannot be listed/ });
    source.failsAt = undefined;
    const seen: boolean[] = [];
    const run = await produceRun({ ...request, onOpen: (_, resumed) => seen.push(resumed) });
    t.deepEqual(seen, [true]);
    t.deepEqual(source.listings, [
      { after: undefined, pages: 2 },
      { after: '2', pages: 2 },
    ]);
    t.like(run, { status: 'running', listed: 12, pending: 12, unchanged: 0 });
    const chunkIds = await openChunks(database, run.id);
    const chunks = await Promise.all(chunkIds.map((id) => claimChunk(database, id)));
    const keys = chunks.flatMap((chunk) => chunk?.objects.map(({ key }) => key) ?? []);
    t.is(keys.length, 12);
    t.is(new Set(keys).size, 12);
    const jobs = await request.queue.getJobs(['waiting', 'prioritized', 'active', 'delayed']);
    t.deepEqual(jobs.map(({ id }) => id).toSorted(), chunkIds.map((id) => `chunk-${id}`).toSorted());
    const again = await produceRun(request);
    t.like(again, { id: run.id, listed: 12, pending: 12 });
    t.is(
      (await request.queue.getJobs(['waiting', 'prioritized', 'active', 'delayed'])).length,
      chunkIds.length,
    );
  },
);

onEachDatabase('listing pauses while too many chunks are open', async (t, database) => {
  const collection = await newCollection(database);
  const source = pagedSource(collection.sourceUri, 6, 4);
  const openAtPauses: Promise<number>[] = [];
  const stop = new AbortController();
  const produced = produceRun({
    ...requestOf(t, collection),
    source,
    openChunksMax: 3,
    signal: stop.signal,
    onPause: () => openAtPauses.push(countOpenChunks(database, collection.model.id, 100)),
  });
  while (openAtPauses.length === 0) await sleep(10);
  t.is(source.listings[0]?.pages, 3, 'the third page waits for room');
  const { rows } = await database.pool.query<{ id: number }>(
    'SELECT max(run_id) AS id FROM chunks c JOIN runs r ON r.id = c.run_id WHERE r.model_id = $1',
    [collection.model.id],
  );
  const runId = rows[0]?.id ?? 0;
  const ended = new AbortController();
  void produced.finally(() => ended.abort());
  while (!ended.signal.aborted) {
    const [next] = await openChunks(database, runId);
    if (next !== undefined) await work(database, next);
    await sleep(20);
  }
  const counts = await Promise.all(openAtPauses);
  t.true(
    counts.every((count) => count <= 4),
    `at most a page more than allowed: ${counts.join()}`,
  );
  t.like(await getRun(database, runId), { listed: 24 });
});

onEachDatabase('interrupted while it waits for room, a run can be taken up again', async (t, database) => {
  const collection = await newCollection(database);
  const source = pagedSource(collection.sourceUri, 3, 2);
  const request = { ...requestOf(t, collection), source };
  const stop = new AbortController();
  const paused = { openChunksMax: 1, signal: stop.signal, onPause: () => stop.abort() };
  await t.throwsAsync(produceRun({ ...request, ...paused }), { name: 'AbortError' });
  t.like(await produceRun(request), { listed: 6, pending: 6 });
});

onEachDatabase('a dry run says what a run would do, and does nothing', async (t, database) => {
  const collection = await newCollection(database);
  const source = pagedSource(collection.sourceUri, 2, 2);
  await embedAll(collection, [objectOf('1/0'), objectOf('2/1', 'older')]);
  const plan = { listed: 4, unchanged: 1, toEmbed: 3, bytesToFetch: 30 };
  t.deepEqual(await dryRun(database, source, collection.model.fingerprint), plan);
  const { rows } = await database.pool.query('SELECT FROM runs WHERE model_id = $1', [collection.model.id]);
  t.is(rows.length, 1);
  t.like(await dryRun(database, source, 'never seen'), { unchanged: 0, toEmbed: 4 });
});
