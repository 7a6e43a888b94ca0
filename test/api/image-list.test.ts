import type { ExecutionContext } from 'ava';
import { databases } from './databases.js';
import { labelSet } from './fill-database.js';
import { openApi, type OpenApi } from './open-api.js';

interface Listed {
  id: number;
  key: string;
  prediction: { label: string; probability: number; rank: number } | null;
}
interface Page {
  images: Listed[];
  nextCursor?: string;
}
type Facets = Record<'labels' | 'sources' | 'runs' | 'reviewStates', { value: unknown; count: number }[]> & {
  total: number;
};

async function get<T>(t: ExecutionContext, { api }: OpenApi, path: string, query: object = {}): Promise<T> {
  const answer = await api.inject({ url: path, query: query as Record<string, string> });
  t.is(answer.statusCode, 200, answer.body);
  return answer.json<T>();
}

/** Every page of the list, joined. */
async function listAll(t: ExecutionContext, opened: OpenApi, query: object): Promise<Listed[]> {
  const images: Listed[] = [];
  let cursor: string | undefined;
  do {
    const page: Page = await get(t, opened, '/v1/images', { ...query, ...(cursor && { cursor }) });
    t.true(page.images.length > 0 || cursor === undefined);
    images.push(...page.images);
    cursor = page.nextCursor;
  } while (cursor);
  return images;
}

for (const { name, test, open } of databases) {
  test(`on ${name}: images are listed page by page, narrowed and counted`, async (t: ExecutionContext) => {
    const opened = await openApi(t, await open(t));
    const { database, embeddings, sourceUri, runId } = opened;
    const all = await listAll(t, opened, { limit: 3 });
    t.deepEqual(all.map(({ key }) => key).toSorted(), [...embeddings.keys()].toSorted());
    t.deepEqual(
      all.map(({ id }) => id),
      all.map(({ id }) => id).toSorted((a, b) => b - a),
    );
    t.true(all.every(({ prediction }) => prediction === null));

    const best = await listAll(t, opened, { labelSet: '颜色', limit: 5 });
    t.true(best.every(({ prediction }) => prediction?.rank === 1));
    const likely = await listAll(t, opened, {
      labelSet: `颜色@${labelSet.version}`,
      label: '绿色',
      sort: 'probability',
      limit: 3,
    });
    const probabilities = likely.map(({ prediction }) => prediction?.probability as number);
    t.deepEqual([likely.length, probabilities], [8, probabilities.toSorted((a, b) => b - a)]);
    t.true(likely.every(({ prediction }) => prediction?.label === '绿色'));
    const green = best.filter(({ prediction }) => prediction?.label === '绿色').map(({ id }) => id);
    const ranked = await listAll(t, opened, { labelSet: '颜色', label: '绿色', rankMax: 1 });
    t.deepEqual(
      ranked.map(({ id }) => id),
      green,
    );

    const [reviewed, queued, undone, labelled] = all as [Listed, Listed, Listed, Listed];
    await database.pool.query(
      `INSERT INTO reviews (image_id, etag, reviewer, verdict, label_set, labels, origin, undone_at, undone_by)
       SELECT id, etag, '甲', CASE WHEN id = $3 THEN NULL WHEN id = $2 THEN 'block' ELSE 'pass' END,
              CASE WHEN id = $3 THEN '颜色' END, CASE WHEN id = $3 THEN ARRAY['红色'] END, 'review',
              CASE WHEN id = $2 THEN now() END, CASE WHEN id = $2 THEN '甲' END
       FROM images WHERE id = ANY ($1)`,
      [[reviewed.id, undone.id, labelled.id], undone.id, labelled.id],
    );
    await database.pool.query(
      `INSERT INTO review_items (queue, image_id, etag, reason) SELECT 'q', id, etag, 'policy' FROM images WHERE id = $1`,
      [queued.id],
    );
    const facets = await get<Facets>(t, opened, '/v1/facets', { labelSet: '颜色' });
    t.like(facets, { total: 8, isPartial: false, runs: [{ value: runId, count: 8 }] });
    t.deepEqual(facets.sources, [{ value: sourceUri, count: 8 }]);
    t.is(facets.labels.find(({ value }) => value === '绿色')?.count ?? 0, green.length);
    t.deepEqual(Object.fromEntries(facets.reviewStates.map(({ value, count }) => [value, count])), {
      none: 5,
      pass: 1,
      waiting: 1,
      labelled: 1,
    });
    const states = { pass: reviewed, waiting: queued, labelled };
    for (const [reviewState, { id }] of Object.entries(states)) {
      t.deepEqual(
        (await listAll(t, opened, { reviewState })).map((image) => image.id),
        [id],
      );
    }
    t.like(await get(t, opened, '/v1/facets', { prefix: '红/', reviewState: 'block' }), {
      total: 0,
      labels: [],
    });

    const tomorrow = new Date(Date.now() + 86_400_000).toISOString();
    t.is((await listAll(t, opened, { embeddedBefore: tomorrow })).length, 8);
    t.is((await listAll(t, opened, { embeddedSince: tomorrow })).length, 0);
    const probabilityMax = String(probabilities[4]);
    t.is((await listAll(t, opened, { labelSet: '颜色', label: '绿色', probabilityMax })).length, 4);
  });
}

const [{ test, open }] = databases.slice(-1) as [(typeof databases)[number]];

test('lists and facets refuse what they cannot mean', async (t: ExecutionContext) => {
  const opened = await openApi(t, await open(t));
  const wrong: [url: string, code: string, detail: RegExp][] = [
    ['/v1/images?sort=size', 'invalid_request', /query\/sort/],
    ['/v1/images?sort=probability', 'invalid_request', /goes with a label set and a label/],
    ['/v1/images?rankMax=1', 'invalid_request', /goes with a label/],
    ['/v1/images?label=a&cosineMin=1e9', 'invalid_request', /query\/cosineMin/],
    ['/v1/images?label=a&cosineMin=NaN', 'invalid_request', /query\/cosineMin must be number/],
    ['/v1/images?embeddedSince=yesterday', 'invalid_request', /query\/embeddedSince/],
    ['/v1/images?reviewState=fine', 'invalid_request', /query\/reviewState/],
    ['/v1/facets?labelSet=no', 'label_set_not_found', /label set no/],
    ['/v1/facets?limit=3', 'invalid_request', /no field "limit"/],
    [`/v1/images?cursor=${Buffer.from('{"id":"1"}').toString('base64url')}`, 'invalid_request', /cursor/],
  ];
  for (const [url, code, detail] of wrong) {
    const answer = await opened.api.inject(url);
    t.is(answer.json<{ code: string }>().code, code, url);
    t.regex(answer.json<{ detail: string }>().detail, detail, url);
  }
});
