import { claimChunk, takeOverdueChunks } from '@tuhai/core/store/chunks';
import { commitChunk } from '@tuhai/core/store/commit-chunk';
import { countFailures, listFailures, retryFailures } from '@tuhai/core/store/failures';
import { registerLabelSet } from '@tuhai/core/store/label-sets';
import { cancelRun, finishRun, getRun, isRunReadyToFinish, listUnfinishedRuns } from '@tuhai/core/store/runs';
import { parseLabelSet } from '@tuhai/core/labels/label-set';
import { UsageError } from '@tuhai/core/usage-error';
import {
  claim,
  embedAll,
  embeddedObject,
  failedObject,
  listRun,
  newCollection,
  objectOf,
  results,
  storedImages,
  vectorAt,
} from './collection.js';
import { onEachDatabase } from './on-each-database.js';

const zero = vectorAt(4, 0);
const counts = { listed: 0, unchanged: 0, embedded: 0, failed: 0, pending: 0 };

onEachDatabase('a worker that comes late is refused, and nothing is counted twice', async (t, database) => {
  const collection = await newCollection(database);
  const { runId, chunkIds } = await listRun(collection, [objectOf('a'), objectOf('b')]);
  const late = await claim(database, chunkIds[0]);
  const newest = await claim(database, chunkIds[0]);
  t.deepEqual([late.crashes, newest.crashes], [0, 1], 'a claim without a commit counts as a crash');
  const all = results({ embedded: newest.objects.map((object) => embeddedObject(object, zero)) });

  t.false(await commitChunk(database, late, all));
  t.like(await getRun(database, runId), { ...counts, listed: 2, pending: 2 });
  t.true(await commitChunk(database, newest, all));
  t.false(await commitChunk(database, newest, all), 'the same results a second time');
  t.false(await commitChunk(database, late, all));
  t.like(await getRun(database, runId), { ...counts, listed: 2, embedded: 2 });
  t.is(await claimChunk(database, chunkIds[0] as number), undefined, 'a done chunk is not claimed');
  t.is((await storedImages(collection)).length, 2);
});

onEachDatabase('of two commits at the same time one is refused', async (t, database) => {
  const collection = await newCollection(database);
  const { runId, chunkIds } = await listRun(collection, [objectOf('a'), objectOf('b')]);
  const chunk = await claim(database, chunkIds[0]);
  const all = results({ embedded: chunk.objects.map((object) => embeddedObject(object, zero)) });
  const committed = await Promise.all([1, 2, 3].map(() => commitChunk(database, chunk, all)));
  t.deepEqual(committed.toSorted(), [false, false, true]);
  t.like(await getRun(database, runId), { ...counts, listed: 2, embedded: 2 });
});

onEachDatabase('a partial commit keeps what is left, with every count adding up', async (t, database) => {
  const collection = await newCollection(database);
  const keys = ['a', 'b', 'c', '图片 d'];
  const { runId, chunkIds } = await listRun(
    collection,
    keys.map((key) => objectOf(key)),
  );
  const first = await claim(database, chunkIds[0]);
  const [a, b, c, d] = first.objects;
  if (!a || !b || !c || !d) return t.fail('the chunk holds four objects');
  await commitChunk(
    database,
    first,
    results({ embedded: [embeddedObject(a, zero)], failed: [failedObject(b, 'corrupt')], remaining: [c, d] }),
  );
  t.like(await getRun(database, runId), { ...counts, listed: 4, embedded: 1, failed: 1, pending: 2 });
  t.false(await isRunReadyToFinish(database, runId));

  const second = await claim(database, chunkIds[0]);
  t.deepEqual(second.objects, [c, d]);
  t.like(second, { attempts: 1, crashes: 0, delivery: 2 });
  const failed = [failedObject(d, 'throttled')];
  await commitChunk(database, second, results({ embedded: [embeddedObject(c, zero)], failed }));
  t.like(await getRun(database, runId), { ...counts, listed: 4, embedded: 2, failed: 2 });
  t.like(await listFailures(database, { runId, limit: 10 }), [
    { key: 'b', code: 'corrupt', attempts: 1, retryable: false },
    { key: '图片 d', code: 'throttled', attempts: 2, retryable: true },
  ]);
  t.like(await listFailures(database, { runId, limit: 10, afterKey: 'b' }), [{ key: '图片 d' }]);

  t.true(await isRunReadyToFinish(database, runId));
  t.deepEqual(await listUnfinishedRuns(database, collection.model.id), [runId]);
  await finishRun(database, runId);
  t.is((await getRun(database, runId)).status, 'finished');
  t.deepEqual(await listUnfinishedRuns(database, collection.model.id), []);
});

onEachDatabase('a failure message may hold what Postgres text cannot', async (t, database) => {
  const collection = await newCollection(database);
  const { runId, chunkIds } = await listRun(collection, [objectOf('a')]);
  const chunk = await claim(database, chunkIds[0]);
  const failed = chunk.objects.map((object) => failedObject(object, 'corrupt'));
  for (const { failure } of failed) failure.message = 'bad\0 header \ud800';
  t.true(await commitChunk(database, chunk, results({ failed })));
  t.regex((await listFailures(database, { runId, limit: 1 }))[0]?.message ?? '', /^bad header/);
});

onEachDatabase('retry takes up what can be helped, or one code, and leaves the rest', async (t, database) => {
  const collection = await newCollection(database);
  const { runId, chunkIds } = await listRun(
    collection,
    ['a', 'b', 'c', 'd'].map((key) => objectOf(key)),
  );
  const chunk = await claim(database, chunkIds[0]);
  const codes = ['corrupt', 'throttled', 'timeout', 'not_found'] as const;
  const failed = chunk.objects.map((object, i) => failedObject(object, codes[i] ?? 'internal'));
  await commitChunk(database, chunk, results({ failed }));
  await finishRun(database, runId);

  const retried = await retryFailures(database, { runId, chunkSize: 1 });
  t.is(retried.objects, 2);
  t.is(retried.chunkIds.length, 2);
  t.like(await getRun(database, runId), { ...counts, status: 'running', listed: 4, failed: 2, pending: 2 });
  t.deepEqual(await retryFailures(database, { runId, chunkSize: 1 }), { objects: 0, chunkIds: [] });
  for (const chunkId of retried.chunkIds) {
    const again = await claim(database, chunkId);
    await commitChunk(
      database,
      again,
      results({ embedded: again.objects.map((o) => embeddedObject(o, zero)) }),
    );
  }
  await finishRun(database, runId);
  t.like(await getRun(database, runId), { ...counts, status: 'finished', listed: 4, embedded: 2, failed: 2 });

  t.like(await retryFailures(database, { runId, code: 'not_found', chunkSize: 64 }), { objects: 1 });
  t.like(await countFailures(database, runId), [{ code: 'corrupt', count: 1 }]);
});

onEachDatabase('a retry while another run is open is refused and changes nothing', async (t, database) => {
  const collection = await newCollection(database);
  const { runId, chunkIds } = await listRun(collection, [objectOf('a')]);
  const chunk = await claim(database, chunkIds[0]);
  await commitChunk(
    database,
    chunk,
    results({ failed: chunk.objects.map((o) => failedObject(o, 'timeout')) }),
  );
  await finishRun(database, runId);
  const { runId: other } = await listRun(collection, [objectOf('b')]);
  await t.throwsAsync(retryFailures(database, { runId, chunkSize: 1 }), {
    instanceOf: UsageError,
    message: /Another run/,
  });
  t.is((await getRun(database, runId)).failed, 1);
  await cancelRun(database, other);
  t.is((await retryFailures(database, { runId, chunkSize: 1 })).objects, 1);
});

onEachDatabase('a cancelled run takes no more results and cannot be retried', async (t, database) => {
  const collection = await newCollection(database);
  const { runId, chunkIds } = await listRun(collection, [objectOf('a'), objectOf('b')], { chunkSize: 1 });
  const inHand = await claim(database, chunkIds[0]);
  await cancelRun(database, runId);
  const late = results({ embedded: inHand.objects.map((object) => embeddedObject(object, zero)) });
  t.false(await commitChunk(database, inHand, late));
  t.is(await claimChunk(database, chunkIds[1] as number), undefined);
  t.like(await getRun(database, runId), { ...counts, status: 'cancelled', listed: 2, pending: 2 });
  t.deepEqual(await storedImages(collection), []);
  await t.throwsAsync(cancelRun(database, runId), { instanceOf: UsageError, message: /is cancelled/ });
});

onEachDatabase('a changed image replaces its vector and its predictions', async (t, database) => {
  const collection = await newCollection(database);
  const labelSet = parseLabelSet(`name: ${collection.model.fingerprint}\nlabels: [猫, 狗, 鸟]`, 'test.yaml');
  const labelSetId = await registerLabelSet(database, labelSet);
  t.is(await registerLabelSet(database, labelSet), labelSetId, 'the same version is one row');
  const embed = async (etag: string, angle: number, labels: string[]) => {
    const { runId, chunkIds } = await listRun(collection, [objectOf('a', etag)], {
      labelSetIds: [labelSetId],
    });
    const chunk = await claim(database, chunkIds[0]);
    const predictions = labels.map((label, i) => ({
      label,
      cosine: 0.5,
      probability: 0.5,
      rank: i + 1,
      margin: 0,
      passed: true,
    }));
    const embedded = chunk.objects.map((o) =>
      embeddedObject(o, vectorAt(4, angle), [[labelSetId, predictions]]),
    );
    t.true(await commitChunk(database, chunk, results({ embedded })));
    await finishRun(database, runId);
  };
  const labels = async () => {
    const { rows } = await database.pool.query<{ label: string }>(
      'SELECT label FROM predictions WHERE label_set_id = $1 ORDER BY rank',
      [labelSetId],
    );
    return rows.map(({ label }) => label);
  };
  await embed('v1', 0, ['猫', '狗', '鸟']);
  t.deepEqual(await labels(), ['猫', '狗', '鸟']);
  await embed('v2', 1, ['狗']);
  t.deepEqual(await labels(), ['狗']);
  t.deepEqual(await storedImages(collection), [{ key: 'a', etag: 'v2', angle: 1, retired: false }]);
});

onEachDatabase(
  'what fails for good loses the vector of what it was; a passing failure keeps it',
  async (t, database) => {
    const collection = await newCollection(database);
    await embedAll(collection, [objectOf('a'), objectOf('b')]);
    const { chunkIds } = await listRun(collection, [objectOf('a', 'v2'), objectOf('b', 'v2')]);
    const chunk = await claim(database, chunkIds[0]);
    const codes = ['corrupt', 'throttled'] as const;
    const failed = chunk.objects.map((object, i) => failedObject(object, codes[i] ?? 'internal'));
    await commitChunk(database, chunk, results({ failed }));
    const etags = (await storedImages(collection)).map(({ key, etag }) => [key, etag]);
    t.deepEqual(etags, [
      ['a', null],
      ['b', 'v1'],
    ]);
  },
);

onEachDatabase('overdue chunks are taken once, of one model, and of open runs only', async (t, database) => {
  const collection = await newCollection(database);
  const { runId, chunkIds } = await listRun(collection, [objectOf('a'), objectOf('b')], { chunkSize: 1 });
  await listRun(await newCollection(database), [objectOf('a')]);
  const take = (olderThanMs: number) =>
    takeOverdueChunks(database, { modelId: collection.model.id, olderThanMs, limit: 10 });
  t.deepEqual(await take(60_000), []);
  const backdate = () => database.pool.query(`UPDATE chunks SET enqueued_at = now() - interval '1 hour'`);
  await backdate();
  t.deepEqual((await take(60_000)).toSorted(), chunkIds.toSorted());
  t.deepEqual(await take(60_000), []);
  await backdate();
  await cancelRun(database, runId);
  t.deepEqual(await take(60_000), []);
});

onEachDatabase('a new model is registered while workers commit, without a deadlock', async (t, database) => {
  const collections = await Promise.all(Array.from({ length: 3 }, () => newCollection(database)));
  const keys = Array.from({ length: 20 }, (_, i) => objectOf(`${i}`));
  await Promise.all([
    ...collections.map((collection) => embedAll(collection, keys)),
    ...collections.map(() => newCollection(database)),
    ...collections.map((collection) =>
      listRun({ ...collection, sourceUri: `${collection.sourceUri}more` }, keys),
    ),
    ...collections.map(() => newCollection(database)),
  ]);
  for (const collection of collections) t.is((await storedImages(collection)).length, 20);
});
