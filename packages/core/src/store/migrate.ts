import { fileURLToPath } from 'node:url';
import { runMigrations } from 'bullmq';
import postgrator from 'postgrator';
import { connectClient } from './connect-client.js';

const migrations = fileURLToPath(new URL('../../../../infra/migrations/*', import.meta.url));

/**
 * Brings the tables of results, and those of a queue that lives in the database, to this version.
 * Safe to run at any time and by several at once; returns the names of the migrations applied.
 * @throws {UsageError} when the database cannot be reached
 */
export async function migrate(databaseUrl: string): Promise<string[]> {
  const client = await connectClient(databaseUrl, 'tuhai migrate');
  try {
    await client.query('SELECT pg_advisory_lock(7210421)');
    const applied = await new postgrator({
      migrationPattern: migrations,
      driver: 'pg',
      schemaTable: 'tuhai_migrations',
      currentSchema: 'public',
      execQuery: (query: string) => client.query(query),
    }).migrate();
    await client.query('SELECT pg_advisory_unlock(7210421)');
    await runMigrations(client);
    return applied.map(({ name, filename }) => name || filename);
  } finally {
    await client.end();
  }
}
