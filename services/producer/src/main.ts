import { readConfig } from '@tuhai/core/config';
import { readBundle } from '@tuhai/core/model/bundle';
import { openQueue, queueName } from '@tuhai/core/queue/connect-queue';
import { openSource } from '@tuhai/core/source/open-source';
import { openDatabase } from '@tuhai/core/store/database';
import { registerModel } from '@tuhai/core/store/register-model';
import { UsageError } from '@tuhai/core/usage-error';
import { pino } from 'pino';
import { produceRun } from './produce-run.js';

/** `node services/producer/dist/main.js SOURCE`: queues what is new or changed, as configured by the environment. */
const log = pino({ base: null }, pino.destination({ dest: 2, sync: true }));
try {
  const { databaseUrl, modelDir, redisUrl, ...config } = readConfig(process.env);
  log.level = config.logLevel;
  const [uri] = process.argv.slice(2);
  if (!uri || !databaseUrl || !modelDir)
    throw new UsageError('The producer needs a SOURCE, DATABASE_URL and MODEL_DIR');
  const onError = (error: Error) => log.warn({ error: error.message }, 'connection error');
  const bundle = await readBundle(modelDir, config);
  const database = openDatabase(databaseUrl, { onError });
  const location = { ...(redisUrl && { redisUrl }), databaseUrl, onError };
  const { queue, close } = openQueue(queueName(bundle.fingerprint), location);
  try {
    const source = await openSource(uri, { s3: config.s3 });
    const model = await registerModel(database, bundle);
    const run = await produceRun({
      database,
      queue,
      source,
      model,
      labelSetIds: [],
      prune: false,
      chunkSize: 64,
      openChunksMax: 1_000,
      onOpen: ({ id }) => log.info({ run: id, source: source.uri }, 'listing'),
      onPause: () => log.info('enough is queued: waiting for the workers'),
    });
    log.info({ run: run.id, listed: run.listed, unchanged: run.unchanged, pending: run.pending }, 'listed');
  } finally {
    await close();
    await database.close();
  }
} catch (error) {
  log.fatal((error as Error).message);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
