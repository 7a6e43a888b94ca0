import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startFolderS3 } from '@tuhai/cli/embedded/s3/folder-s3';
import { startEmbeddedPostgres } from '@tuhai/cli/embedded/postgres/embedded-postgres';
import { readBundle } from '@tuhai/core/model/bundle';
import { openQueue, queueName } from '@tuhai/core/queue/connect-queue';
import { openSource } from '@tuhai/core/source/open-source';
import { openDatabase } from '@tuhai/core/store/database';
import { migrate } from '@tuhai/core/store/migrate';
import { registerModel } from '@tuhai/core/store/register-model';
import { getRun } from '@tuhai/core/store/runs';
import { produceRun } from '@tuhai/producer/produce-run';
import { supervise } from '@tuhai/worker/supervise';
import { pino } from 'pino';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Images/s of a whole run, S3 → queue → worker → Postgres, all embedded, from the first listing to the last commit.
 * Servers and workers are up before the clock starts, as they are in production.
 */
export async function measurePipeline(options: {
  modelDir: string;
  folder: string;
  batchSize: number;
  processes: number;
}): Promise<number> {
  const home = await mkdtemp(join(tmpdir(), 'tuhai-bench-'));
  const s3 = await startFolderS3({ directory: options.folder, bucket: 'bench' });
  const postgres = await startEmbeddedPostgres({ home });
  const { databaseUrl } = postgres;
  await migrate(databaseUrl);
  const database = openDatabase(databaseUrl);
  const bundle = await readBundle(options.modelDir);
  const credentials = { accessKeyId: 'bench', secretAccessKey: 'bench' };
  const log = pino({ level: 'warn' }, pino.destination(2));
  const supervisor = await supervise({
    processes: options.processes,
    log,
    env: {
      ...process.env,
      DATABASE_URL: databaseUrl,
      MODEL_DIR: options.modelDir,
      BATCH_SIZE_MAX: String(options.batchSize),
      S3_ENDPOINT: s3.endpoint,
      AWS_ACCESS_KEY_ID: 'bench',
      AWS_SECRET_ACCESS_KEY: 'bench',
      LOG_LEVEL: 'warn',
    },
  });
  const { queue, close } = openQueue(queueName(bundle.fingerprint), {
    databaseUrl,
    onError: (e) => log.warn(e.message),
  });
  try {
    const source = await openSource('s3://bench/', { s3: { endpoint: s3.endpoint, credentials } });
    const model = await registerModel(database, bundle);
    const startedMs = performance.now();
    const request = {
      database,
      queue,
      source,
      model,
      labelSetIds: [],
      prune: false,
      chunkSize: 64,
      openChunksMax: 1_000,
    };
    let run = await produceRun(request);
    while (run.status !== 'finished') {
      await sleep(200);
      run = await getRun(database, run.id);
    }
    if (run.embedded !== run.listed) throw new Error(`${run.failed} of ${run.listed} images failed`);
    return run.embedded / ((performance.now() - startedMs) / 1000);
  } finally {
    await supervisor.close();
    await close();
    await database.close();
    await postgres.close();
    await s3.close();
    await rm(home, { recursive: true, force: true });
  }
}
