import type { PostgresSession } from './shared-session.js';
import { readAnswer } from './session-answer.js';
import { message } from './wire-messages.js';

// PGlite has no checkpointer: without this the log grows for ever, and with it the recovery after a kill.
const walBytesMax = 64 * 1024 * 1024;

const walBytesSql = `select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), redo_lsn)::bigint from pg_control_checkpoint()`;

// Postgres' own autovacuum formula, with its default scale factors and thresholds; PGlite has no autovacuum.
const tablesToVacuumSql = `
  select format('%I.%I', schemaname, relname)
  from pg_stat_user_tables
  where n_dead_tup > 50 + 0.2 * n_live_tup
    or n_ins_since_vacuum > 1000 + 0.2 * n_live_tup
    or n_mod_since_analyze > 50 + 0.1 * n_live_tup`;

/** Does what a Postgres server's background processes do: VACUUM and ANALYZE where due, CHECKPOINT when due. */
export function maintain(session: PostgresSession, log: (line: string) => void): void {
  const query = (sql: string): string[][] => {
    const answer = readAnswer(session.execute(message('Q', sql)), false);
    if (answer.failed) log(`maintenance failed: ${sql}`);
    return answer.rows;
  };
  for (const [table] of query(tablesToVacuumSql)) query(`vacuum (analyze, parallel 0) ${table}`);
  const walBytes = Number(query(walBytesSql)[0]?.[0] ?? 0);
  if (walBytes > walBytesMax) query('checkpoint');
}
