import type { ExecutionContext } from 'ava';
import { Pool, type QueryResultRow } from 'pg';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Accounts {
  status: string;
  listed: number;
  unchanged: number;
  embedded: number;
  failed: number;
  pending: number;
}

const waitMsMax = 200_000;

/** The books of one run, read by plain SQL: as a user would, and without the code under test. */
export interface Books {
  accounts(): Promise<Accounts>;
  /** Until the accounts are so; throws with what they are when that takes too long. */
  until(isSo: (accounts: Accounts) => boolean): Promise<Accounts>;
  query<T extends QueryResultRow>(statement: string, values?: unknown[]): Promise<T[]>;
  /**
   * The run is finished and every listed key is embedded or failed, one of them and once; no image, embedding or
   * prediction stands twice, and the sums agree with the rows.
   */
  balance(expected: { keys: readonly string[]; failed?: Readonly<Record<string, string>> }): Promise<void>;
}

export function openBooks(t: ExecutionContext, databaseUrl: string, runId = 1): Books {
  const pool = new Pool({ connectionString: databaseUrl, max: 1 });
  pool.on('error', () => undefined);
  t.teardown(() => pool.end());
  const query: Books['query'] = async (statement, values) => (await pool.query(statement, values)).rows;

  async function accounts(): Promise<Accounts> {
    const [row] = await query<Accounts & QueryResultRow>(
      `SELECT status, listed::int, unchanged::int,
              (SELECT count(*)::int FROM failures WHERE run_id = r.id) AS failed,
              (SELECT coalesce(sum(embedded), 0)::int FROM chunks WHERE run_id = r.id) AS embedded,
              (SELECT coalesce(sum(remaining), 0)::int FROM chunks WHERE run_id = r.id) AS pending
       FROM runs r WHERE id = $1`,
      [runId],
    );
    return row ?? { status: 'not there', listed: 0, unchanged: 0, embedded: 0, failed: 0, pending: 0 };
  }

  return {
    accounts,
    query,
    async until(isSo) {
      const giveUpAt = Date.now() + waitMsMax;
      for (;;) {
        // A database that is being broken on purpose is asked again.
        const last = await accounts().catch((error: Error) => error);
        if (!(last instanceof Error) && isSo(last)) return last;
        if (Date.now() > giveUpAt) throw new Error(`it did not come about: ${JSON.stringify(last)}`);
        await sleep(50);
      }
    },
    async balance({ keys, failed = {} }) {
      const embeddedKeys = keys.filter((key) => !(key in failed)).toSorted();
      t.deepEqual(await accounts(), {
        status: 'finished',
        listed: keys.length,
        unchanged: 0,
        embedded: embeddedKeys.length,
        failed: Object.keys(failed).length,
        pending: 0,
      });
      const stored = await query<{ key: string }>(
        'SELECT i.key FROM embeddings e JOIN images i ON i.id = e.image_id ORDER BY i.key COLLATE "C"',
      );
      t.deepEqual(
        stored.map(({ key }) => key),
        embeddedKeys,
      );
      t.is((await query('SELECT FROM images')).length, embeddedKeys.length);
      const failures = await query<{ key: string; code: string }>('SELECT key, code FROM failures');
      t.deepEqual(Object.fromEntries(failures.map(({ key, code }) => [key, code])), failed);
    },
  };
}
