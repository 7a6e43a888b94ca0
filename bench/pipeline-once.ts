import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dataDirectoryLockHolder } from '@tuhai/cli/embedded/postgres/data-directory-lock';
import { startEmbeddedPostgres } from '@tuhai/cli/embedded/postgres/embedded-postgres';
import { readBundle } from '@tuhai/core/model/bundle';
import type { Precision } from '@tuhai/core/model/precision';
import { openQueue, queueName } from '@tuhai/core/queue/connect-queue';
import { openSource } from '@tuhai/core/source/open-source';
import { openDatabase } from '@tuhai/core/store/database';
import { migrate } from '@tuhai/core/store/migrate';
import { registerModel } from '@tuhai/core/store/register-model';
import { getRun, type Run } from '@tuhai/core/store/runs';
import { produceRun } from '@tuhai/producer/produce-run';
import { supervise } from '@tuhai/worker/supervise';
import { pino } from 'pino';
import { setTimeout as sleep } from 'node:timers/promises';
import { cpuMsOf } from './cpu-time.js';
import type { Measured } from './measured.js';
import { pin } from './pin.js';
import { readStageTimes, type StageSummary } from './stage-times.js';

/** CPU ms an image, by who spent it. */
export type CpuByRole = Record<'workers' | 'database' | 's3' | 'producer', number>;

export interface PipelineRound extends Measured {
  cpuByRole: CpuByRole;
  stages: StageSummary[];
}

/**
 * A whole run, S3 → queue → worker → Postgres, all embedded, from the first listing to the last commit.
 * Servers and workers are up before the clock starts, and have another run behind them, as in production.
 */
export async function measurePipeline(options: {
  modelDir: string;
  precision: Precision;
  /** Served as a bucket; it has the folders `photos` and `warm-up`. */
  scratch: string;
  batchSize: number;
  processes: number;
  /** Where the workers run, and where all else does; default: anywhere. */
  cores?: { workers: readonly number[]; others: readonly number[] } | undefined;
}): Promise<PipelineRound> {
  const home = await mkdtemp(join(tmpdir(), 'tuhai-bench-'));
  const s3 = fork(new URL('s3-process.ts', import.meta.url), [options.scratch], {
    execArgv: ['--import=tsx'],
  });
  const [endpoint] = (await once(s3, 'message')) as [string];
  const postgres = await startEmbeddedPostgres({ home });
  const { databaseUrl } = postgres;
  await migrate(databaseUrl);
  const database = openDatabase(databaseUrl);
  const bundle = await readBundle(options.modelDir, { precision: options.precision });
  const credentials = { accessKeyId: 'bench', secretAccessKey: 'bench' };
  const log = pino({ level: 'warn' }, pino.destination(2));
  const observedTo = await mkdtemp(join(tmpdir(), 'tuhai-bench-stages-'));
  const supervisor = await supervise({
    processes: options.processes,
    log,
    module: new URL('observed-worker.ts', import.meta.url),
    env: {
      ...process.env,
      NODE_OPTIONS: '--import=tsx',
      OBSERVED_TO: observedTo,
      DATABASE_URL: databaseUrl,
      MODEL_DIR: options.modelDir,
      MODEL_PRECISION: options.precision,
      BATCH_SIZE_MAX: String(options.batchSize),
      S3_ENDPOINT: endpoint,
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
    const model = await registerModel(database, bundle);
    const finished = async (folder: 'photos' | 'warm-up'): Promise<Run> => {
      const source = await openSource(`s3://bench/${folder}/`, { s3: { endpoint, credentials } });
      const request = { database, queue, source, model, labelSetIds: [], prune: false };
      let run = await produceRun({ ...request, chunkSize: 64, openChunksMax: 1_000 });
      while (run.status !== 'finished') {
        await sleep(50);
        run = await getRun(database, run.id);
      }
      if (run.embedded !== run.listed) throw new Error(`${run.failed} of ${run.listed} images failed`);
      return run;
    };
    const databasePid = dataDirectoryLockHolder(home)?.pid ?? 0;
    if (options.cores) {
      await pin(supervisor.pids, options.cores.workers);
      await pin([databasePid, s3.pid ?? 0, process.pid], options.cores.others);
    }
    const spent = async (): Promise<CpuByRole> => ({
      workers: (await Promise.all(supervisor.pids.map((pid) => cpuMsOf(pid)))).reduce((a, b) => a + b, 0),
      database: await cpuMsOf(databasePid),
      s3: await cpuMsOf(s3.pid ?? 0),
      producer: await cpuMsOf(process.pid),
    });
    await finished('warm-up');
    const before = await spent();
    const startedMs = performance.now();
    const run = await finished('photos');
    const endedMs = performance.now();
    const imagesPerSecond = run.embedded / ((endedMs - startedMs) / 1000);
    const after = await spent();
    await supervisor.close();
    const { timeOrigin } = performance;
    const stages = await readStageTimes(observedTo, timeOrigin + startedMs, timeOrigin + endedMs);
    const roles = Object.keys(before) as (keyof CpuByRole)[];
    const cpuByRole = Object.fromEntries(
      roles.map((role) => [role, (after[role] - before[role]) / run.embedded]),
    ) as CpuByRole;
    const cpuMsPerImage = Object.values(cpuByRole).reduce((sum, ms) => sum + ms, 0);
    return { imagesPerSecond, cpuMsPerImage, cpuByRole, stages };
  } finally {
    await supervisor.close();
    await close();
    await database.close();
    await postgres.close();
    s3.disconnect();
    for (const folder of [home, observedTo]) await rm(folder, { recursive: true, force: true });
  }
}
