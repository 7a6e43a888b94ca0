import type { FailureCode } from '../item-failure.js';
import { UsageError } from '../usage-error.js';
import type { Database, Queryable } from './database.js';
import { chunked, fromStored, insertChunks, type StoredObject } from './list-page.js';

export interface StoredFailure {
  key: string;
  code: FailureCode;
  message: string;
  attempts: number;
  retryable: boolean;
}

/** In key order, after `afterKey`. */
export async function listFailures(
  database: Database,
  options: { runId: number; afterKey?: string; limit: number },
): Promise<StoredFailure[]> {
  const { rows } = await database.pool.query<StoredFailure>(
    `SELECT key, code, message, attempts, retryable FROM failures
     WHERE run_id = $1 AND ($2::text IS NULL OR key > $2) ORDER BY key LIMIT $3`,
    [options.runId, options.afterKey ?? null, options.limit],
  );
  return rows;
}

/** How many failures a run has of each code, the most frequent first. */
export async function countFailures(
  database: Database,
  runId: number,
): Promise<{ code: FailureCode; count: number; retryable: boolean }[]> {
  const { rows } = await database.pool.query<{ code: FailureCode; count: number; retryable: boolean }>(
    `SELECT code, count(*), bool_or(retryable) AS retryable FROM failures
     WHERE run_id = $1 GROUP BY code ORDER BY count(*) DESC, code`,
    [runId],
  );
  return rows;
}

/** So many failures are taken up in one transaction. */
const retriedAtOnce = 10_000;

/**
 * Turns failures back into chunks and opens the run again: those of `code`, or else all that a retry can help.
 * At most 10,000 a call: call it until it answers with no chunks.
 * @returns the ids of the new chunks, to be queued.
 * @throws {UsageError} when the run is cancelled, or another run of this source and model is open.
 */
export async function retryFailures(
  database: Database,
  options: { runId: number; code?: FailureCode; chunkSize: number },
): Promise<{ objects: number; chunkIds: number[] }> {
  return database.transaction(async (client) => {
    const { rows } = await client.query<{ object: StoredObject }>(
      `DELETE FROM failures WHERE run_id = $1 AND key IN (
         SELECT key FROM failures
         WHERE run_id = $1 AND CASE WHEN $2::text IS NULL THEN retryable ELSE code = $2 END LIMIT $3)
       RETURNING json_build_array(key, etag, size_bytes) AS object`,
      [options.runId, options.code ?? null, retriedAtOnce],
    );
    if (rows.length === 0) return { objects: 0, chunkIds: [] };
    await reopenRun(client, options.runId);
    const objects = rows.map(({ object }) => fromStored(object)).toSorted((a, b) => (a.key < b.key ? -1 : 1));
    const chunkIds = await insertChunks(client, options.runId, chunked(objects, options.chunkSize));
    return { objects: objects.length, chunkIds };
  });
}

async function reopenRun(client: Queryable, runId: number): Promise<void> {
  const { rowCount } = await client
    .query(
      `UPDATE runs SET status = CASE status WHEN 'listing' THEN status ELSE 'running' END, finished_at = NULL
       WHERE id = $1 AND status <> 'cancelled'`,
      [runId],
    )
    .catch((error: Error & { code?: string }) => {
      if (error.code !== uniqueViolation) throw error;
      throw new UsageError('Another run over this source and model is open: wait for it, or cancel it', {
        cause: error,
      });
    });
  if (rowCount !== 1) throw new UsageError(`Run ${runId} is cancelled: start a new run instead`);
}

/** SQLSTATE, as listed in PostgreSQL's appendix A. */
const uniqueViolation = '23505';
