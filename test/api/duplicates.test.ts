import type { ExecutionContext } from 'ava';
import { databases } from './databases.js';
import { openApi } from './open-api.js';

interface Page {
  model: { name: string };
  groups: {
    images: { id: number; source: string; key: string; cosine: number; thumbnail: string }[];
    isPartial: boolean;
  }[];
  examined: number;
  nextCursor?: string;
}

for (const { name, test, open } of databases) {
  test(`on ${name}: copies are told page by page, under the filter`, async (t: ExecutionContext) => {
    const { api, database, model, sourceUri } = await openApi(t, await open(t));
    const { rows } = await database.pool.query<{ id: number; key: string }>(
      'SELECT id, key FROM images WHERE id IN (SELECT image_id FROM embeddings) ORDER BY id',
    );
    const [original, , , , , copy] = rows;
    await database.pool.query(
      `UPDATE embeddings SET embedding = (SELECT embedding FROM embeddings WHERE image_id = $1) WHERE image_id = $2`,
      [original?.id, copy?.id],
    );
    const ask = (query: Record<string, string>) => api.inject({ url: '/v1/duplicates', query });
    const pages: Page[] = [];
    let cursor: string | undefined;
    do {
      const answer = await ask({ threshold: '0.99999', limit: '3', ...(cursor && { cursor }) });
      t.is(answer.statusCode, 200, answer.body);
      const page = answer.json<Page>();
      pages.push(page);
      cursor = page.nextCursor;
    } while (cursor);
    t.deepEqual(
      pages.map(({ examined, groups }) => [examined, groups.length]),
      [
        [3, 1],
        [3, 0],
        [2, 0],
      ],
    );
    t.is(pages[0]?.model.name, model.bundle.name);
    const image = (row: typeof original) => ({
      ...row,
      source: sourceUri,
      cosine: 1,
      thumbnail: `/v1/images/${row?.id}/thumbnail`,
    });
    const found = pages[0]?.groups[0]?.images.map((one) => ({
      ...one,
      cosine: Number(one.cosine.toFixed(6)),
    }));
    t.deepEqual(found, [image(original), image(copy)]);

    const alone = await ask({ threshold: '0.99999', prefix: original?.key ?? '' });
    t.like(alone.json(), { groups: [], examined: 1 });
    for (const wrong of [{ threshold: '0.4' }, { threshold: 'x' }, { limit: '501' }, { cursor: 'x' }]) {
      t.is((await ask(wrong as unknown as Record<string, string>)).statusCode, 400);
    }
  });
}
