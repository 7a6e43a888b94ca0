import test, { type ExecutionContext } from 'ava';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedPostgres, stopEmbeddedPostgres } from '@tuhai/cli/embedded/postgres/embedded-postgres';
import { openDatabase, type Database } from '@tuhai/core/store/database';
import { migrate } from '@tuhai/core/store/migrate';
import { oncePerProcess } from '../rig/once-per-process.js';
import { sharedPostgres } from '../rig/postgres.js';
import { serviceTest } from '../rig/service-test.js';

type Body = (t: ExecutionContext, database: Database) => Promise<void>;

const opened: Database[] = [];
const homes: string[] = [];

async function open(databaseUrl: string): Promise<Database> {
  await migrate(databaseUrl);
  const database = openDatabase(databaseUrl);
  opened.push(database);
  return database;
}

const embedded = oncePerProcess(async () => {
  const home = mkdtempSync(join(tmpdir(), 'tuhai-store-'));
  homes.push(home);
  const { databaseUrl } = await startEmbeddedPostgres({ home });
  return open(databaseUrl);
});

const real = oncePerProcess(async () => open(await (await sharedPostgres()).createDatabase()));

test.after.always(async () => {
  await Promise.all(opened.map((database) => database.close()));
  for (const home of homes) {
    await stopEmbeddedPostgres({ home });
    rmSync(home, { recursive: true, force: true });
  }
});

/**
 * Declares a test twice: on the embedded database and on a real PostgreSQL. All tests of a file share one
 * database of each kind, so each works on a source and a model of its own.
 */
export function onEachDatabase(title: string, body: Body): void {
  test(`embedded: ${title}`, async (t) => body(t, await embedded()));
  serviceTest('postgres')(`postgres: ${title}`, async (t) => body(t, await real()));
}
