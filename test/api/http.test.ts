import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { startApi } from '@tuhai/api/start-api';
import { migrate } from '@tuhai/core/store/migrate';
import { openDatabase } from '@tuhai/core/store/database';
import { UsageError } from '@tuhai/core/usage-error';
import { embeddedHome } from '../embedded/embedded-home.js';
import { temporaryFolder } from '../source/temporary-folder.js';
import { fillDatabase } from './fill-database.js';
import { configOf, loadModel, silent } from './open-api.js';
import { drawPictures } from './pictures.js';

test('the service starts on a free port, answers over HTTP, and ends', async (t) => {
  const { databaseUrl } = await embeddedHome(t);
  const config = configOf(databaseUrl, { API_PORT: '0' });
  await t.throwsAsync(startApi({ config, log: silent }), {
    instanceOf: UsageError,
    message: /tuhai migrate/,
  });
  await migrate(databaseUrl);
  const folder = await temporaryFolder(t);
  await drawPictures(folder);
  const database = openDatabase(databaseUrl);
  t.teardown(database.close);
  await fillDatabase(database, await loadModel(t), folder);

  const api = await startApi({ config, log: silent });
  t.regex(api.url, /^http:\/\/127\.0\.0\.1:\d+$/);
  const form = new FormData();
  form.append('k', '2');
  form.append('filter', JSON.stringify({ prefix: '蓝/' }));
  form.append('image', new Blob([await readFile(join(folder, '蓝/海.webp'))]), '海.webp');
  const answer = await fetch(`${api.url}/v1/search`, { method: 'POST', body: form });
  const { hits } = (await answer.json()) as { hits: { key: string; cosine: number; thumbnail: string }[] };
  t.deepEqual(
    hits.map(({ key }) => key),
    ['蓝/海.webp', '蓝/夜.jpg'],
  );
  t.true((hits[0]?.cosine ?? 0) > 0.999_99);
  const thumbnail = await fetch(api.url + hits[0]?.thumbnail);
  t.is(thumbnail.headers.get('content-type'), 'image/webp');
  t.is(thumbnail.headers.get('access-control-allow-origin'), null);

  const long = await fetch(`${api.url}/v1/runs?cursor=${'a'.repeat(20_000)}`);
  t.is(long.headers.get('content-type'), 'application/problem+json');
  t.like(await long.json(), { status: 431, code: 'headers_too_large' });

  const port = new URL(api.url).port;
  await t.throwsAsync(startApi({ config: configOf(databaseUrl, { API_PORT: port }), log: silent }), {
    instanceOf: UsageError,
    message: new RegExp(`API_PORT ${port}`),
  });
  await api.close();
  await t.throwsAsync(fetch(`${api.url}/healthz`));
});
