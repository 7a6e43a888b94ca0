import { once } from 'node:events';
import { readConfig } from '@tuhai/core/config';
import { withTuned } from '@tuhai/core/tuned-settings';
import { UsageError } from '@tuhai/core/usage-error';
import { pino } from 'pino';
import { supervise } from './supervise.js';

/** `node services/worker/dist/main.js`: works the queue until SIGTERM, as configured by the environment. */
const stopped = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopped.abort());
const log = pino({ base: null }, pino.destination({ dest: 2, sync: true }));
try {
  const env = withTuned(process.env);
  const config = readConfig(env);
  log.level = config.logLevel;
  const supervisor = await supervise({ processes: config.workerProcesses, env, log });
  log.info({ processes: config.workerProcesses }, 'taking jobs');
  await once(stopped.signal, 'abort');
  await supervisor.close();
} catch (error) {
  log.fatal((error as Error).message);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
