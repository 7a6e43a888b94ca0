import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { cosinesTo } from '@tuhai/core/model/cosines';
import type { ExecutionContext } from 'ava';
import { deadly } from '../faults/fixtures/kill-on-sight.js';
import { databases } from './databases.js';
import { formRequest } from './form.js';
import { openApi, type OpenApi } from './open-api.js';

const post = async ({ api }: OpenApi, url: string, payload: object) =>
  api.inject({ method: 'POST', url, payload });

async function answers<T>(
  t: ExecutionContext,
  opened: OpenApi,
  url: string,
  payload: object,
  status = 200,
): Promise<T> {
  const answer = await post(opened, url, payload);
  t.is(answer.statusCode, status, `${url} ${answer.body}`);
  return answer.json<T>();
}

const labelsOf = (list: object[]) => list.map((one) => (one as { label: string }).label);

async function imageIds({ database }: OpenApi): Promise<Map<string, number>> {
  const { rows } = await database.pool.query<{ id: number; key: string }>('SELECT id, key FROM images');
  return new Map(rows.map(({ id, key }) => [key, id]));
}

for (const { name, test, open } of databases) {
  test(`on ${name}: texts, labels and similarities of images`, async (t: ExecutionContext) => {
    const opened = await openApi(t, await open(t));
    const { model, embeddings, folder } = opened;
    const key = '红/圆 2.jpg';
    const vector = embeddings.get(key) as Float32Array;
    const imageId = (await imageIds(opened)).get(key) as number;
    const texts = ['红色', '蓝色的海', '绿色的草'];
    const corpus = '说明';
    t.like(await answers(t, opened, '/v1/texts', { corpus, texts: [...texts, ' 红色 '] }), {
      added: 3,
      known: 0,
    });
    t.like(await answers(t, opened, '/v1/texts', { corpus, texts: ['红色', '黄'] }), { added: 1, known: 1 });
    t.like((await opened.api.inject('/v1/texts')).json(), { corpora: [{ corpus, texts: 4 }] });

    const cosines = cosinesTo(vector, await model.text.embed([...texts, '黄']));
    const best = Math.max(...cosines);
    type TextHits = { hits: { text: string; cosine: number; probability: number | null }[] };
    const query = { corpus, k: '3', image: await readFile(join(folder, key)) };
    const upload = await opened.api.inject({
      method: 'POST',
      url: '/v1/search/texts',
      ...(await formRequest(query)),
    });
    t.is(upload.statusCode, 200, upload.body);
    for (const { hits } of [
      upload.json<TextHits>(),
      await answers<TextHits>(t, opened, '/v1/search/texts', { corpus, imageId, k: 3 }),
    ]) {
      t.is(hits.length, 3);
      t.true(Math.abs((hits[0]?.cosine as number) - best) < 1e-5);
      t.true(hits.every(({ probability }) => Number(probability) > 0 && Number(probability) < 1));
    }
    const search = await answers<TextHits>(t, opened, '/v1/search', { text: '红色', k: 8, exact: true });
    const fits = search.hits.map(({ probability }) => probability);
    t.true(fits.every((p) => Number(p) > 0 && Number(p) < 1) && new Set(fits).size > 1);
    t.is((await answers<TextHits>(t, opened, '/v1/search', { imageId, k: 1 })).hits[0]?.probability, null);

    const similarity = await answers<{ cosines: number[][]; probabilities: number[][] }>(
      t,
      opened,
      '/v1/similarity',
      {
        imageIds: [imageId, imageId],
        texts,
      },
    );
    t.is(similarity.cosines.length, 2);
    similarity.cosines[0]?.forEach((cosine, i) => t.true(Math.abs(cosine - (cosines[i] as number)) < 1e-6));
    const sum = similarity.probabilities[1]?.reduce((a, b) => a + b, 0) as number;
    t.true(Math.abs(sum - 1) < 1e-9);

    const stored = (await opened.api.inject(`/v1/images/${imageId}`)).json<{
      predictions: [{ predictions: object[] }];
    }>();
    const classified = await answers<{ predictions: object[] }>(t, opened, '/v1/classify', {
      imageId,
      labelSet: '颜色',
    });
    t.deepEqual(labelsOf(classified.predictions), labelsOf(stored.predictions[0].predictions));
    const draft = await answers(t, opened, '/v1/classify', {
      imageId,
      draft: { name: 'x', labels: ['红色', '海'] },
    });
    t.like(draft, { labelSet: { name: 'x' }, predictions: { length: 2 } });
    await answers(t, opened, '/v1/classify', { imageId }, 400);
    await answers(t, opened, '/v1/classify', { imageId: 999, labelSet: '颜色' }, 404);
    await answers(t, opened, '/v1/classify', { imageId, labelSet: '没有' }, 404);
    await answers(t, opened, '/v1/texts', { corpus, texts: ['  '] }, 400);
  });
}

const [{ test, open }] = databases.slice(-1) as [(typeof databases)[number]];

test('runs are started over allowed sources only, retried and cancelled', async (t: ExecutionContext) => {
  const allowed = 'file:///nowhere/allowed';
  const opened = await openApi(t, await open(t), { API_SOURCES: allowed });
  const { sourceUri, runId, folder } = opened;
  for (const source of [
    pathToFileURL('/etc').href,
    '/etc',
    'https://example.com/a.csv',
    's3://bucket/',
    `${allowed}2`,
    `${allowed}/../../etc`,
    `${allowed}/%2e%2e/%2e%2e/etc`,
    folder,
  ]) {
    t.like(await answers(t, opened, '/v1/runs', { source }, 403), { code: 'source_not_allowed' }, source);
  }
  await answers(t, opened, '/v1/runs', { source: `${allowed}/gone` }, 400);
  await answers(t, opened, '/v1/runs', { source: sourceUri, labelSets: ['没有'] }, 404);

  const retried = await answers(t, opened, `/v1/runs/${runId}/retry`, { code: 'unsupported_format' }, 202);
  t.like(retried, { retried: 2, run: { status: 'running', failed: 0, pending: 2 } });
  t.like(await answers(t, opened, `/v1/runs/${runId}/cancel`, {}), { run: { status: 'cancelled' } });
  t.like(await answers(t, opened, `/v1/runs/${runId}/cancel`, {}, 409), { code: 'run_ended' });

  await writeFile(join(folder, 'new.png'), await readFile(join(folder, '红/圆 1.png')));
  const started = await answers<{ run: { id: number } }>(
    t,
    opened,
    '/v1/runs',
    { source: sourceUri, labelSets: ['颜色'] },
    202,
  );
  for (let tries = 0; tries < 200; tries++) {
    const run = (await opened.api.inject(`/v1/runs/${started.run.id}`)).json<{
      status: string;
      pending: number;
    }>();
    if (run.status === 'running') {
      t.like(run, { listed: 11, unchanged: 8, pending: 3 });
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  t.fail('the listing did not end');
});

test('an upload that kills its decoder costs its own request only', async (t: ExecutionContext) => {
  const module = new URL('../faults/fixtures/deadly-decoder.ts', import.meta.url);
  const opened = await openApi(t, await open(t), {}, module);
  const upload = async (image: Uint8Array) =>
    opened.api.inject({ method: 'POST', url: '/v1/search', ...(await formRequest({ image })) });
  const good = await readFile(join(opened.folder, '红/圆 2.jpg'));
  const [before, dead, after] = await Promise.all([upload(good), upload(Buffer.from(deadly)), upload(good)]);
  t.deepEqual([before.statusCode, after.statusCode], [200, 200]);
  t.like(dead.json(), { status: 422, code: 'decoder_crashed' });
});
