import type { Config } from '@tuhai/core/config';
import { createCarefulDecoder } from '@tuhai/core/image/careful-decoder';
import { configureSharp } from '@tuhai/core/image/configure-sharp';
import { readBundle } from '@tuhai/core/model/bundle';
import { loadImageTower } from '@tuhai/core/model/image-tower';
import { loadTextTower } from '@tuhai/core/model/text-tower';
import { openSource } from '@tuhai/core/source/open-source';
import { openDatabase } from '@tuhai/core/store/database';
import { registerModel } from '@tuhai/core/store/register-model';
import { UsageError } from '@tuhai/core/usage-error';
import type { Logger } from 'pino';
import type { ApiContext } from './api-context.js';
import { remember } from '@tuhai/core/remember';
import { createRunControl } from './run-control.js';
import { createThumbnails } from './thumbnails/thumbnails.js';

export interface ApiOptions {
  config: Config & { databaseUrl: string; modelDir: string };
  log: Logger;
  /** Another module that serves the decoder of uploads; for tests of crashes. */
  decoderModule?: URL;
}

/**
 * Opens the database, the model and the sources, and closes them in the opposite order.
 * Configures sharp for the whole process: nothing in it can render SVG afterwards.
 * @throws {UsageError} for a model folder that cannot be used, or a database that was never migrated
 */
export async function openContext({
  config,
  log,
  decoderModule,
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
    const location = {
      ...(config.redisUrl && { redisUrl: config.redisUrl }),
      databaseUrl: config.databaseUrl,
      onError,
    };
    const runs = createRunControl({ database, model, location, log });
    closers.push(() => runs.close());
    // In a process of its own: a picture that kills its decoder costs its own request only.
    const decoder = createCarefulDecoder({
      timeoutMs: config.limits.timeoutMs,
      ...(decoderModule && { module: decoderModule }),
    });
    closers.push(() => decoder.close());
    const context: ApiContext = {
      database,
      model,
      log,
      limits: config.limits,
      bundle,
      embedTexts: (texts) => text.embed(texts),
      embedImage: async (bytes) => {
        const { pixels } = await decoder.decode(bytes, bundle.preprocessing, config.limits);
        return image.embed([pixels]);
      },
      runs,
      openSource: (uri) => openSource(uri, { s3: config.s3 }),
      allowedSources: config.apiSources,
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
