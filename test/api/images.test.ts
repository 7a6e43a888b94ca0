import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import sharp from 'sharp';
import { databases } from './databases.js';
import { labelSet } from './fill-database.js';
import { openApi, type OpenApi } from './open-api.js';

async function idOf({ database }: OpenApi, key: string): Promise<number> {
  const { rows } = await database.pool.query<{ id: number }>('SELECT id FROM images WHERE key = $1', [key]);
  return rows[0]?.id as number;
}

for (const { name, test, open } of databases) {
  test(`on ${name}: an image comes with its predictions`, async (t: ExecutionContext) => {
    const opened = await openApi(t, await open(t));
    const id = await idOf(opened, '红/圆 2.jpg');
    const answer = await opened.api.inject(`/v1/images/${id}`);
    t.is(answer.statusCode, 200);
    const { predictions, ...image } = answer.json<{ predictions: { predictions: Prediction[] }[] }>();
    t.like(image, {
      id,
      source: opened.sourceUri,
      key: '红/圆 2.jpg',
      width: 640,
      height: 480,
      format: 'jpeg',
      retiredAt: null,
      thumbnail: `/v1/images/${id}/thumbnail`,
      model: { name: 'demo', fingerprint: opened.model.bundle.fingerprint },
    });
    t.like(predictions, { 0: { labelSet: '颜色', version: labelSet.version }, length: 1 });
    const [set] = predictions as [{ predictions: Prediction[] }];
    t.deepEqual(
      set.predictions.map(({ rank }) => rank),
      [1, 2, 3],
    );
    t.deepEqual(set.predictions.map(({ label }) => label).toSorted(), ['红色', '绿色', '蓝色'].toSorted());
    const sum = set.predictions.reduce((total, { probability }) => total + probability, 0);
    t.true(Math.abs(sum - 1) < 1e-5 && set.predictions.every(({ cosine }) => Math.abs(cosine) <= 1));
    const missing = await opened.api.inject('/v1/images/9007199254740991');
    t.is(missing.statusCode, 404);
    t.is(missing.json<{ code: string }>().code, 'image_not_found');
  });
}

interface Prediction {
  label: string;
  cosine: number;
  probability: number;
  rank: number;
}

const [{ test, open }] = databases.slice(-1) as [(typeof databases)[number]];

test('thumbnails are small, upright, cached by their tag, and never made of anything but images', async (t: ExecutionContext) => {
  const opened = await openApi(t, await open(t));
  const { api, folder } = opened;
  const id = await idOf(opened, '蓝/夜.jpg');
  const url = `/v1/images/${id}/thumbnail`;
  const answer = await api.inject(url);
  t.is(answer.statusCode, 200);
  t.is(answer.headers['content-type'], 'image/webp');
  t.is(answer.headers['x-content-type-options'], 'nosniff');
  const { format, width, height } = await sharp(answer.rawPayload).metadata();
  t.deepEqual({ format, width, height }, { format: 'webp', width: 320, height: 133 });
  const tag = String(answer.headers['etag']);
  const again = await api.inject({ url, headers: { 'if-none-match': `W/"other", ${tag}` } });
  t.deepEqual([again.statusCode, again.body], [304, '']);

  const small = await api.inject(`/v1/images/${await idOf(opened, '绿/草.png')}/thumbnail`);
  t.is((await sharp(small.rawPayload).metadata()).width, 90);

  // A second address of the same service never made it: what the source holds now is newer than what was embedded.
  const changedId = await idOf(opened, '红/圆 1.png');
  const turned = sharp({ create: { width: 64, height: 32, channels: 3, background: 'red' } });
  await writeFile(
    join(folder, '红/圆 1.png'),
    await turned.withMetadata({ orientation: 6 }).jpeg().toBuffer(),
  );
  const changed = await api.inject(`/v1/images/${changedId}/thumbnail`);
  t.is(changed.headers['etag'], undefined);
  t.is(changed.headers['cache-control'], 'no-store');
  t.like(await sharp(changed.rawPayload).metadata(), { width: 32, height: 64 });

  await writeFile(join(folder, '红/圆 1.png'), '<svg xmlns="http://www.w3.org/2000/svg"/>');
  t.is((await api.inject(`/v1/images/${changedId}/thumbnail`)).statusCode, 415);
  await rm(join(folder, '红/圆 1.png'));
  const gone = await api.inject(`/v1/images/${changedId}/thumbnail`);
  t.deepEqual([gone.statusCode, gone.json<{ code: string }>().code], [404, 'not_found']);
  t.is(gone.headers['etag'], undefined, 'a failure has no tag');
  await rm(folder, { recursive: true });
  const away = await api.inject(`/v1/images/${changedId}/thumbnail`);
  t.deepEqual([away.statusCode, away.json<{ code: string }>().code], [503, 'source_unavailable']);
  t.false(away.body.includes(folder), 'the answer does not name the folder');
  t.is((await api.inject(url)).statusCode, 200, 'what was made is kept');
  t.is((await api.inject('/v1/images/0/thumbnail')).statusCode, 400);
  t.is((await api.inject(`/v1/images/${encodeURIComponent('../../etc/passwd')}/thumbnail`)).statusCode, 400);
});
