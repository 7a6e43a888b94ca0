import { readConfig } from '@tuhai/core/config';
import { UsageError } from '@tuhai/core/usage-error';
import { pino } from 'pino';
import { startApi } from './start-api.js';

/** The API as a process of its own, configured by its environment; ends in good order on SIGTERM and SIGINT. */
try {
  const { databaseUrl, modelDir, ...config } = readConfig(process.env);
  if (!databaseUrl || !modelDir) throw new UsageError('The API needs DATABASE_URL and MODEL_DIR');
  const log = pino({ level: config.logLevel }, pino.destination({ dest: 2, sync: true }));
  const api = await startApi({ config: { ...config, databaseUrl, modelDir }, log });
  let closing = false;
  const close = async () => {
    if (closing) return;
    closing = true;
    await api.close();
    process.exit(0);
  };
  process.on('SIGTERM', close);
  process.on('SIGINT', close);
} catch (error) {
  const isUsage = error instanceof UsageError;
  process.stderr.write(`${isUsage ? error.message : ((error as Error).stack ?? String(error))}\n`);
  process.exitCode = isUsage ? 2 : 1;
}
