import { readConfig } from '@tuhai/core/config';
import { UsageError } from '@tuhai/core/usage-error';
import { pino } from 'pino';
import { startWorker } from './start-worker.js';
import type { WorkerMessage } from './supervise.js';

/** One worker process, forked by the supervisor; ends when told to, or when the supervisor is gone. */
const tell = (message: WorkerMessage) => process.send?.(message);
try {
  const { databaseUrl, modelDir, ...config } = readConfig(process.env);
  if (!databaseUrl || !modelDir) throw new UsageError('A worker process needs DATABASE_URL and MODEL_DIR');
  const log = pino({ level: config.logLevel }, pino.destination({ dest: 2, sync: true }));
  const worker = await startWorker({ config: { ...config, databaseUrl, modelDir }, log });
  let closing = false;
  const close = async () => {
    if (closing) return;
    closing = true;
    await worker.close();
    process.exit(0);
  };
  process.on('SIGTERM', close);
  process.on('disconnect', close);
  // The terminal sends it to the whole group; the supervisor decides.
  process.on('SIGINT', () => {});
  tell({ type: 'ready' });
} catch (error) {
  const usage = error instanceof UsageError;
  tell({ type: 'fatal', message: usage ? error.message : ((error as Error).stack ?? String(error)), usage });
  process.exitCode = usage ? 2 : 1;
  if (process.connected) process.disconnect();
}
