import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { databases } from './databases.js';
import { formRequest } from './form.js';
import { openApi, type OpenApi } from './open-api.js';

interface Answer {
  model: { name: string; fingerprint: string };
  hits: { imageId: number; source: string; key: string; cosine: number; thumbnail: string }[];
}

async function search(t: ExecutionContext, { api }: OpenApi, query: object): Promise<Answer> {
  const answer = await api.inject({ method: 'POST', url: '/v1/search', payload: query });
  t.is(answer.statusCode, 200, answer.body);
  return answer.json<Answer>();
}

/** Every picture's cosine to a vector, computed here, the greatest first. */
function ranked({ embeddings }: OpenApi, query: Float32Array): { key: string; cosine: number }[] {
  const cosineTo = (embedding: Float32Array) =>
    embedding.reduce((sum, x, i) => sum + x * (query[i] as number), 0);
  const all = [...embeddings].map(([key, embedding]) => ({ key, cosine: cosineTo(embedding) }));
  return all.toSorted((a, b) => b.cosine - a.cosine);
}

function sameHits(
  t: ExecutionContext,
  hits: Answer['hits'],
  expected: { key: string; cosine: number }[],
): void {
  t.deepEqual(
    hits.map(({ key }) => key),
    expected.map(({ key }) => key),
  );
  hits.forEach(({ cosine }, i) => t.true(Math.abs(cosine - (expected[i]?.cosine as number)) < 1e-5));
}

for (const { name, test, open } of databases) {
  test(`on ${name}: images are found by text, stored image, upload and vector`, async (t: ExecutionContext) => {
    const opened = await openApi(t, await open(t));
    const { model, embeddings, folder, sourceUri } = opened;
    t.is(embeddings.size, 8);

    const byText = await search(t, opened, { text: ' 红色 ', k: 5 });
    sameHits(t, byText.hits, ranked(opened, await model.text.embed(['红色'])).slice(0, 5));
    t.deepEqual(byText.model, { name: model.bundle.name, fingerprint: model.bundle.fingerprint });
    const { imageId, source, thumbnail, key } = byText.hits[0] as Answer['hits'][0];
    t.is(source, sourceUri);
    t.is(thumbnail, `/v1/images/${imageId}/thumbnail`);

    const own = embeddings.get(key) as Float32Array;
    const byImage = await search(t, opened, { imageId });
    sameHits(t, byImage.hits, ranked(opened, own).slice(1));

    const image = await readFile(join(folder, key));
    const upload = await opened.api.inject({
      method: 'POST',
      url: '/v1/search',
      ...(await formRequest({ image, k: '3' })),
    });
    t.is(upload.statusCode, 200, upload.body);
    sameHits(t, upload.json<Answer>().hits, ranked(opened, own).slice(0, 3));

    const far = Array.from(own, (x) => x * 1e300);
    sameHits(t, (await search(t, opened, { vector: far, k: 1000 })).hits, ranked(opened, own));
  });

  test(`on ${name}: filters narrow a search, and k is still filled`, async (t: ExecutionContext) => {
    const opened = await openApi(t, await open(t));
    const { model, runId, sourceUri, database } = opened;
    const all = ranked(opened, await model.text.embed(['圆']));
    const keys = async (filter: object, k = 100) =>
      (await search(t, opened, { text: '圆', k, filter })).hits.map(({ key }) => key);
    const those = (isWanted: (key: string) => boolean) => all.map(({ key }) => key).filter(isWanted);

    t.deepEqual(
      await keys({ prefix: '红/' }),
      those((key) => key.startsWith('红/')),
    );
    t.deepEqual(await keys({ prefix: '绿/100%_' }), ['绿/100%_叶.jpg']);
    t.deepEqual(await keys({ prefix: '绿/1__' }), []);
    t.deepEqual(
      await keys({ source: sourceUri, run: runId }),
      those(() => true),
    );
    t.deepEqual(await keys({ source: 'file:///elsewhere' }), []);
    t.deepEqual(await keys({ run: runId + 1 }), []);
    t.is((await keys({ prefix: '蓝/' }, 2)).length, 2);

    const { rows } = await database.pool.query<{ key: string; probability: number; cosine: number }>(
      `SELECT i.key, p.probability, p.cosine FROM predictions p JOIN images i ON i.id = p.image_id WHERE p.label = '绿色'`,
    );
    t.is(rows.length, 8);
    const upperHalf = (score: 'probability' | 'cosine') =>
      rows.toSorted((a, b) => b[score] - a[score]).slice(0, 4);
    const [likely, near] = [upperHalf('probability'), upperHalf('cosine')];
    const isAmong = (some: typeof rows) => (key: string) => some.some((row) => row.key === key);
    const probabilityMin = likely[3]?.probability;
    t.deepEqual(await keys({ label: '绿色', probabilityMin }), those(isAmong(likely)));
    t.deepEqual(await keys({ label: '绿色', cosineMin: near[3]?.cosine }), those(isAmong(near)));
    t.deepEqual(await keys({ label: '紫色' }), []);

    await database.pool.query(`UPDATE images SET retired_at = now() WHERE key = $1`, [all[0]?.key]);
    t.deepEqual(
      await keys({}),
      those((key) => key !== all[0]?.key),
    );
  });
}
