import { Pool, types, type ClientBase } from 'pg';

/** A pool, and the transactions made with it. */
export interface Database {
  readonly pool: Pool;
  /** Commits what `work` did, or rolls all of it back and rethrows. */
  transaction<T>(work: (client: ClientBase) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** One statement's executor: the pool, or a client within a transaction. */
export type Queryable = Pick<ClientBase, 'query'>;

// bigint columns hold ids, counts and byte sizes, all far below 2^53.
types.setTypeParser(types.builtins.INT8, Number);

/** @param options.onError told of idle connections that broke; the pool replaces them by itself. */
export function openDatabase(
  databaseUrl: string,
  options: { connectionsMax?: number; onError?: (error: Error) => void } = {},
): Database {
  const pool = new Pool({
    connectionString: databaseUrl,
    max: options.connectionsMax ?? 4,
    application_name: 'tuhai',
    connectionTimeoutMillis: 30_000,
    keepAlive: true,
  });
  pool.on('error', (error) => options.onError?.(error));
  return {
    pool,
    close: () => pool.end(),
    async transaction(work) {
      const client = await pool.connect();
      let broken: Error | undefined;
      // A connection that breaks between two statements says so here alone; unheard, it would end the process.
      const onError = (error: Error) => {
        broken = error;
      };
      client.on('error', onError);
      try {
        await client.query('BEGIN');
        const result = await work(client);
        await client.query('COMMIT');
        return result;
      } catch (error) {
        await client.query('ROLLBACK').catch((rollbackError: Error) => {
          broken = rollbackError;
        });
        throw error;
      } finally {
        client.off('error', onError);
        client.release(broken);
      }
    },
  };
}
