import { Client } from 'pg';
import { UsageError } from '../usage-error.js';

const connectTimeoutMs = 15_000;

/**
 * One connection of one's own, to be ended by the caller.
 * @throws {UsageError} when the database is not there or refuses; names its address, without the password
 */
export async function connectClient(databaseUrl: string, applicationName: string): Promise<Client> {
  const client = new Client({
    connectionString: databaseUrl,
    application_name: applicationName,
    connectionTimeoutMillis: connectTimeoutMs,
  });
  try {
    await client.connect();
    return client;
  } catch (error) {
    const place = `${client.host}:${client.port}/${client.database ?? ''}`;
    throw new UsageError(`DATABASE_URL: cannot connect to the database ${place}: ${reasonOf(error)}`, {
      cause: error,
    });
  }
}

/** A name that stands for several addresses fails with one error for each, and no message of its own. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join('; ');
  return error instanceof Error ? error.message : String(error);
}
