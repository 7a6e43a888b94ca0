import { createCarefulDecoder } from '@tuhai/core/image/careful-decoder';
import { configureSharp } from '@tuhai/core/image/configure-sharp';
import { decodeImage } from '@tuhai/core/image/decode-image';
import { ItemFailure } from '@tuhai/core/item-failure';
import type { Config } from '@tuhai/core/config';
import { readBundle } from '@tuhai/core/model/bundle';
import { loadImageTower } from '@tuhai/core/model/image-tower';
import { loadTextTower } from '@tuhai/core/model/text-tower';
import { remember } from '@tuhai/core/remember';
import { openQueue, openWorker, queueName } from '@tuhai/core/queue/connect-queue';
import { openSource } from '@tuhai/core/source/open-source';
import type { ChunkResults } from '@tuhai/core/store/commit-chunk';
import { openDatabase } from '@tuhai/core/store/database';
import { registerModel } from '@tuhai/core/store/register-model';
import pLimit from 'p-limit';
import type { Logger } from 'pino';
import { createBatcher } from './batcher.js';
import { ChunkPutOff, consumeChunk } from './consume-chunk.js';
import { finishRunWork } from './finish-run.js';
import { createLabellers } from './labellers.js';
import { startSweep } from './sweep.js';
import type { Observe, WorkerContext } from './worker-context.js';

export interface WorkerOptions {
  config: Config & { databaseUrl: string; modelDir: string };
  log: Logger;
  onCommitted?: (results: ChunkResults) => void;
  /** Another module that serves the careful decoder; for tests of crashes. */
  decode?: typeof decodeImage;
  decoderModule?: URL;
  /** Goes around the work of every stage; for benchmarks. */
  observe?: Observe;
}

/** Chunks in hand at once: one is fetched and decoded while another is embedded. More would wait here at a run's end while other workers idle. */
const chunksInHand = 2;

/** One worker process: everything it needs is opened here, and closed in the opposite order. */
export async function startWorker(options: WorkerOptions): Promise<{ close(): Promise<void> }> {
  const { config, log, observe = (_stage, work) => work() } = options;
  configureSharp();
  const bundle = await readBundle(config.modelDir, config);
  const onError = (error: Error) => log.warn({ error: error.message }, 'connection error');
  const database = openDatabase(config.databaseUrl, { onError });
  const model = await registerModel(database, bundle);
  const threads = config.intraOpThreads === undefined ? {} : { intraOpThreads: config.intraOpThreads };
  const session = { executionProviders: config.executionProviders, ...threads };
  const tower = await loadImageTower(bundle, session);
  const location = {
    ...(config.redisUrl && { redisUrl: config.redisUrl }),
    databaseUrl: config.databaseUrl,
    onError,
  };
  const name = queueName(bundle.fingerprint);
  const { queue, close: closeQueue } = openQueue(name, location);
  const careful = createCarefulDecoder({
    timeoutMs: config.limits.timeoutMs,
    ...(options.decoderModule && { module: options.decoderModule }),
  });
  const batcher = createBatcher({
    run: (images) => observe('infer', () => tower.embed(images)),
    sizeMax: config.batchSizeMax,
    waitMsMax: config.batchWaitMsMax,
  });
  const decode = options.decode ?? decodeImage;
  const context: WorkerContext = {
    database,
    queue,
    log,
    model,
    limits: config.limits,
    sourceOf: remember((uri: string) => openSource(uri, { s3: config.s3 })),
    decode: (bytes) => decode(bytes, bundle.preprocessing, config.limits),
    decodeCarefully: (bytes) => careful.decode(bytes, bundle.preprocessing, config.limits),
    embed: (pixels) => batcher.embed(pixels).catch((error) => Promise.reject(toInferenceFailure(error))),
    labellerOf: createLabellers({
      database,
      modelId: model.id,
      bundle,
      loadText: () => loadTextTower(bundle, session),
      ...threads,
    }),
    // Enough to fill the next batches while one runs, whatever the chunks' size.
    inFlight: pLimit(Math.max(64, 4 * config.batchSizeMax)),
    observe,
    onCommitted: options.onCommitted ?? (() => {}),
  };
  const sweep = startSweep(context, config.lockDurationMs);
  const worker = openWorker(
    name,
    location,
    ({ data }) =>
      'chunkId' in data ? consumeChunk(data.chunkId, context) : finishRunWork(data.finishRunId, context),
    {
      concurrency: chunksInHand,
      lockDurationMs: config.lockDurationMs,
      onFailed: (job, error) =>
        log[error instanceof ChunkPutOff ? 'info' : 'error'](
          { ...job, error: error.message },
          'job will be tried again',
        ),
    },
  );
  return {
    async close() {
      await worker.close();
      await sweep.stop();
      await closeQueue();
      await careful.close();
      await tower.release();
      await database.close();
    },
  };
}

function toInferenceFailure(error: Error): ItemFailure {
  const outOfMemory = /out of memory|bad_alloc|failed to allocate/i.test(error.message);
  return new ItemFailure(outOfMemory ? 'out_of_memory' : 'internal', error.message, { cause: error });
}
