import type { ExecutionContext } from 'ava';
import { ItemFailure } from '@tuhai/core/item-failure';
import { claimChunk } from '@tuhai/core/store/chunks';
import { commitChunk } from '@tuhai/core/store/commit-chunk';
import { commitPage } from '@tuhai/core/store/list-page';
import { cancelRun, openRun } from '@tuhai/core/store/runs';
import { databases } from './databases.js';
import { openApi, type OpenApi } from './open-api.js';
import { brokenFiles } from './pictures.js';

async function get<T>(t: ExecutionContext, { api }: OpenApi, url: string): Promise<T> {
  const answer = await api.inject(url);
  t.is(answer.statusCode, 200, answer.body);
  return answer.json<T>();
}

/** All pages of a list, following the cursors. */
async function allPages(t: ExecutionContext, opened: OpenApi, url: string, list: string, limit: number) {
  const pages: { key?: string; id?: number }[][] = [];
  for (let cursor: string | undefined = ''; cursor !== undefined;) {
    const query = new URLSearchParams({ limit: String(limit), ...(cursor && { cursor }) });
    const page: Record<string, unknown> = await get(t, opened, `${url}?${query}`);
    pages.push(page[list] as { key?: string; id?: number }[]);
    cursor = page['nextCursor'] as string | undefined;
  }
  return pages;
}

/** A run of which all that was listed is still to do, or has failed. */
async function addRun(
  { database }: OpenApi,
  source: string,
  modelId: number,
  keys: string[],
): Promise<number> {
  const wanted = { sourceUri: source, modelId, labelSetIds: [], prune: false };
  const { id: runId } = await openRun(database, wanted);
  const objects = keys.map((key) => ({ key, etag: 'e', sizeBytes: 1 }));
  const page = {
    runId,
    cursorBefore: null,
    cursor: 'c',
    objects,
    unchanged: new Set<string>(),
    chunkSize: 1000,
  };
  for (const id of (await commitPage(database, { ...page, trackKeys: false })) ?? []) {
    const chunk = await claimChunk(database, id);
    if (!chunk) throw new Error('taken');
    const failure = new ItemFailure('throttled', 'busy \0 <b>');
    const failed = chunk.objects.slice(1).map((object) => ({ object, failure }));
    await commitChunk(database, chunk, { embedded: [], failed, remaining: chunk.objects.slice(0, 1) });
  }
  return runId;
}

for (const { name, test, open } of databases) {
  test(`on ${name}: runs tell their counts, pages lose nothing`, async (t: ExecutionContext) => {
    const opened = await openApi(t, await open(t));
    const { runId, sourceUri, model } = opened;
    const counts = { listed: 10, unchanged: 0, embedded: 8, failed: 2, pending: 0, retired: 0 };
    const run = await get<Record<string, unknown>>(t, opened, `/v1/runs/${runId}`);
    t.like(run, {
      id: runId,
      source: sourceUri,
      status: 'finished',
      ...counts,
      model: { name: 'demo', fingerprint: model.bundle.fingerprint },
      failureCounts: [{ code: 'unsupported_format', count: 2, retryable: false }],
    });
    t.true(Date.parse(String(run['finishedAt'])) >= Date.parse(String(run['startedAt'])));
    const { failures } = await get<{ failures: { key: string }[] }>(t, opened, `/v1/runs/${runId}/failures`);
    t.deepEqual(failures.map(({ key }) => key).toSorted(), Object.keys(brokenFiles).toSorted());

    const { rows } = await opened.database.pool.query<{ id: number }>('SELECT id FROM models');
    const keys = Array.from({ length: 250 }, (_, i) => `键 "${i}"%&?<b>\u{1f40d}\\`);
    const big = await addRun(opened, 's3://bucket/一', rows[0]?.id as number, keys);
    await addRun(opened, 's3://bucket/二', rows[0]?.id as number, ['a']);
    await cancelRun(opened.database, big);
    t.like(await get(t, opened, `/v1/runs/${big}`), {
      status: 'cancelled',
      listed: 250,
      failed: 249,
      pending: 1,
    });

    const pages = await allPages(t, opened, `/v1/runs/${big}/failures`, 'failures', 100);
    t.deepEqual(
      pages.map(({ length }) => length),
      [100, 100, 49],
    );
    t.like(pages[0]?.[0], { code: 'throttled', message: 'busy  <b>', attempts: 1, retryable: true });
    const found = pages.flat().map(({ key }) => String(key));
    t.deepEqual(
      found,
      keys.slice(1).toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))),
    );

    const runs = (await allPages(t, opened, '/v1/runs', 'runs', 1)).flat();
    t.deepEqual(
      runs.map(({ id }) => id),
      [big + 1, big, runId],
    );
    t.like(await get(t, opened, '/v1/runs'), { runs: { length: 3 }, nextCursor: undefined });
    t.deepEqual(
      (await opened.api.inject(`/v1/runs/${big + 2}/failures`)).json<{ code: string }>().code,
      'run_not_found',
    );
  });
}
