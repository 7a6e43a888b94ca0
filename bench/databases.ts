import { startEmbeddedPostgres } from '@tuhai/cli/embedded/postgres/embedded-postgres';
import { openDatabase, type Database } from '@tuhai/core/store/database';
import { migrate } from '@tuhai/core/store/migrate';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPostgres } from '../test/rig/postgres.js';

/** As docker-compose.yml gives to Postgres. */
export const serverCache = '2GB';

export interface BenchDatabase {
  database: Database;
  url: string;
  close(): Promise<void>;
}

/** The embedded database, and the tests' own Postgres with pgvector; each new and empty. */
export const databases = {
  async embedded(): Promise<BenchDatabase> {
    const home = await mkdtemp(join(tmpdir(), 'tuhai-bench-'));
    const server = await startEmbeddedPostgres({ home });
    return opened(server.databaseUrl, async () => {
      await server.close();
      await rm(home, { recursive: true, force: true });
    });
  },
  async postgres(): Promise<BenchDatabase> {
    const server = await startPostgres({ cache: serverCache });
    return opened(await server.createDatabase(), () => server.stop());
  },
} as const;

async function opened(url: string, stop: () => Promise<void>): Promise<BenchDatabase> {
  await migrate(url);
  const database = openDatabase(url, { connectionsMax: 2 });
  return {
    database,
    url,
    async close() {
      await database.close();
      await stop();
    },
  };
}
