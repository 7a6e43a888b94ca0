import { availableParallelism } from 'node:os';
import type { Config } from '@tuhai/core/config';
import { configureSharp } from '@tuhai/core/image/configure-sharp';
import { decodeImage } from '@tuhai/core/image/decode-image';
import { readBundle } from '@tuhai/core/model/bundle';
import { loadImageTower } from '@tuhai/core/model/image-tower';
import { loadTextTower } from '@tuhai/core/model/text-tower';
import { openSource } from '@tuhai/core/source/open-source';
import { openDatabase } from '@tuhai/core/store/database';
import { registerModel } from '@tuhai/core/store/register-model';
import { UsageError } from '@tuhai/core/usage-error';
import pLimit from 'p-limit';
import type { Logger } from 'pino';
import type { ApiContext } from './api-context.js';
import { remember } from '@tuhai/core/remember';
import { createThumbnails } from './thumbnails/thumbnails.js';

export interface ApiOptions {
  config: Config & { databaseUrl: string; modelDir: string };
  log: Logger;
}

/**
 * Opens the database, the model and the sources, and closes them in the opposite order.
 * Configures sharp for the whole process: nothing in it can render SVG afterwards.
 * @throws {UsageError} for a model folder that cannot be used, or a database that was never migrated
 */
export async function openContext({
  config,
  log,
}: ApiOptions): Promise<{ context: ApiContext; close(): Promise<void> }> {
  configureSharp();
  const bundle = await readBundle(config.modelDir, config);
  const closers: (() => Promise<void>)[] = [];
  const close = async () => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    const onError = (error: Error) => log.warn({ error: error.message }, 'connection error');
    const database = openDatabase(config.databaseUrl, { onError });
    closers.push(() => database.close());
    const model = await registerModel(database, bundle).catch(explainMissingTables);
    const onCpu = config.executionProviders[0] === 'cpu';
    const session = { executionProviders: config.executionProviders, ...(onCpu && { intraOpThreads: 1 }) };
    const text = await loadTextTower(bundle, session);
    closers.push(() => text.release());
    const image = await loadImageTower(bundle, session);
    closers.push(() => image.release());
    // A picture may take its full limit of pixels in memory while it is decoded.
    const decoding = pLimit(availableParallelism());
    const context: ApiContext = {
      database,
      model,
      log,
      limits: config.limits,
      bundle,
      embedTexts: (texts) => text.embed(texts),
      embedImage: async (bytes) => {
        const { pixels } = await decoding(() => decodeImage(bytes, bundle.preprocessing, config.limits));
        return image.embed([pixels]);
      },
      thumbnails: createThumbnails({
        sourceOf: remember((uri: string) => openSource(uri, { s3: config.s3 })),
        limits: config.limits,
      }),
    };
    return { context, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** SQLSTATE 42P01, undefined_table. */
function explainMissingTables(error: Error & { code?: string }): never {
  if (error.code !== '42P01') throw error;
  throw new UsageError('The database has no tables of Tuhai: run "tuhai migrate" first', { cause: error });
}
