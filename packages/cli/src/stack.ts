import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Config } from '@tuhai/core/config';
import type { QueueLocation } from '@tuhai/core/queue/connect-queue';
import { migrate } from '@tuhai/core/store/migrate';
import { openDatabase, type Database } from '@tuhai/core/store/database';
import type { Logger } from 'pino';
import { startEmbeddedPostgres } from './embedded/postgres/embedded-postgres.js';

/** A configuration in which nothing is left open: what was not configured is embedded. */
export type ResolvedConfig = Config & { databaseUrl: string; modelDir: string };

export interface Stack {
  config: ResolvedConfig;
  database: Database;
  /** Nothing was configured, so nobody else works the queue. */
  embedded: boolean;
  close(): Promise<void>;
}

export const demoBundle = fileURLToPath(new URL('../../../models/demo', import.meta.url));

/** Connects to what is configured and starts what is not; the tables are at this version then. */
export async function openStack(config: Config): Promise<Stack> {
  const embedded = config.databaseUrl ? undefined : await startEmbeddedPostgres({ home: config.home });
  const databaseUrl = config.databaseUrl ?? (embedded?.databaseUrl as string);
  const resolved = { ...config, databaseUrl, modelDir: modelDirOf(config) };
  try {
    await migrate(databaseUrl);
  } catch (error) {
    await embedded?.close();
    throw error;
  }
  const database = openDatabase(databaseUrl);
  return {
    config: resolved,
    database,
    embedded: embedded !== undefined,
    async close() {
      await database.close();
      await embedded?.close();
    },
  };
}

/** A stack for as long as `work` takes. */
export async function withStack(config: Config, work: (stack: Stack) => Promise<void>): Promise<void> {
  const stack = await openStack(config);
  try {
    await work(stack);
  } finally {
    await stack.close();
  }
}

export const queueLocation = ({ redisUrl, databaseUrl }: ResolvedConfig, log: Logger): QueueLocation => ({
  ...(redisUrl && { redisUrl }),
  databaseUrl,
  onError: (error) => log.warn({ error: error.message }, 'connection error'),
});

/** What worker processes are started with: the environment, and what was decided here. */
export const workerEnvironment = (config: ResolvedConfig, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv => ({
  ...env,
  DATABASE_URL: config.databaseUrl,
  MODEL_DIR: config.modelDir,
});

export const modelDirOf = ({ modelDir }: Config): string => modelDir ?? demoBundle;

/** Whether a command may expect stored results: an embedded database that was never started has none. */
export const hasData = (config: Config): boolean =>
  config.databaseUrl !== undefined || existsSync(join(config.home, 'postgres'));
