import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readConfig } from '@tuhai/core/config';
import { startWorker } from '@tuhai/worker/start-worker';
import type { WorkerMessage } from '@tuhai/worker/supervise';
import { pino } from 'pino';
import type { StageTimes } from './stage-times.js';

/** A worker process that writes down when each stage began and ended, into OBSERVED_TO, before it ends. */
const { databaseUrl = '', modelDir = '', ...config } = readConfig(process.env);
const times: StageTimes = [];
const worker = await startWorker({
  config: { ...config, databaseUrl, modelDir },
  log: pino({ level: 'warn' }, pino.destination(2)),
  async observe(stage, work) {
    const from = performance.now();
    try {
      return await work();
    } finally {
      times.push([stage, performance.timeOrigin + from, performance.timeOrigin + performance.now()]);
    }
  },
});
process.once('SIGTERM', async () => {
  await worker.close();
  await writeFile(join(process.env['OBSERVED_TO'] ?? '.', `${process.pid}.json`), JSON.stringify(times));
  process.exit(0);
});
process.send?.({ type: 'ready' } satisfies WorkerMessage);
