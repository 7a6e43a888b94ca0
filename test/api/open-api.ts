import { fileURLToPath } from 'node:url';
import type { ExecutionContext } from 'ava';
import { buildApp } from '@tuhai/api/app';
import { openContext } from '@tuhai/api/open-context';
import { readConfig } from '@tuhai/core/config';
import { readBundle } from '@tuhai/core/model/bundle';
import { loadImageTower } from '@tuhai/core/model/image-tower';
import { loadTextTower } from '@tuhai/core/model/text-tower';
import { openDatabase } from '@tuhai/core/store/database';
import { pino } from 'pino';
import { temporaryFolder } from '../source/temporary-folder.js';
import { fillDatabase, type Model } from './fill-database.js';
import { drawPictures } from './pictures.js';

export const demoBundle = fileURLToPath(new URL('../../models/demo', import.meta.url));
export const silent = pino({ level: 'silent' });

/** As readConfig makes it, from nothing but these variables. */
export const configOf = (databaseUrl: string, env: Record<string, string> = {}) => ({
  ...readConfig(env),
  databaseUrl,
  modelDir: demoBundle,
});

export async function loadModel(t: ExecutionContext): Promise<Model> {
  const bundle = await readBundle(demoBundle);
  const session = { executionProviders: ['cpu'], intraOpThreads: 1 };
  const image = await loadImageTower(bundle, session);
  t.teardown(image.release);
  const text = await loadTextTower(bundle, session);
  t.teardown(text.release);
  return { bundle, image, text };
}

/** An API over a database that holds the pictures, asked through `inject`; all of it goes when the test ends. */
export async function openApi(
  t: ExecutionContext,
  databaseUrl: string,
  env: Record<string, string> = {},
  decoderModule?: URL,
) {
  const folder = await temporaryFolder(t);
  await drawPictures(folder);
  const model = await loadModel(t);
  const database = openDatabase(databaseUrl);
  t.teardown(database.close);
  const filled = await fillDatabase(database, model, folder);
  const config = configOf(databaseUrl, env);
  const { context, close } = await openContext({
    config,
    log: silent,
    ...(decoderModule && { decoderModule }),
  });
  t.teardown(close);
  const api = await buildApp(context, config);
  t.teardown(() => api.close());
  return { api, database, model, folder, ...filled };
}

export type OpenApi = Awaited<ReturnType<typeof openApi>>;
