import type { ObjectRef } from '../outcome.js';
import type { Database } from './database.js';
import { fromStored, toStored, type StoredObject } from './list-page.js';

/** A chunk as a worker holds it. */
export interface ClaimedChunk {
  id: number;
  runId: number;
  /** Fencing token: a commit is refused once somebody else has claimed the chunk. */
  delivery: number;
  /** How often the chunk was claimed again without a commit: its holder died, or was taken for dead. */
  crashes: number;
  /** How often some of its objects were put off after a passing failure. */
  attempts: number;
  /** Those without an outcome so far. */
  objects: ObjectRef[];
  sourceId: number;
  sourceUri: string;
  modelId: number;
  labelSetIds: number[];
}

/** Undefined when nothing is left to do: done already, or its run is cancelled. */
export async function claimChunk(database: Database, chunkId: number): Promise<ClaimedChunk | undefined> {
  const { rows } = await database.pool.query<Omit<ClaimedChunk, 'objects'> & { objects: StoredObject[] }>(
    `UPDATE chunks c
     SET delivery = c.delivery + 1, crashes = c.crashes + c.in_hand::int, in_hand = true
     FROM runs r JOIN sources s ON s.id = r.source_id
     WHERE c.id = $1 AND c.remaining > 0 AND r.id = c.run_id AND r.status IN ('listing', 'running')
     RETURNING c.id, c.run_id AS "runId", c.delivery, c.crashes, c.attempts, c.objects,
               r.source_id AS "sourceId", s.uri AS "sourceUri", r.model_id AS "modelId", r.label_set_ids AS "labelSetIds"`,
    [chunkId],
  );
  return rows[0] && { ...rows[0], objects: rows[0].objects.map(fromStored) };
}

/**
 * Open chunks of a model that have not been queued for `olderThanMs`, marked as queued now.
 * Queueing them again brings back what a lost queue, or a producer killed between commit and queue, has left.
 */
export async function takeOverdueChunks(
  database: Database,
  options: { modelId: number; olderThanMs: number; limit: number },
): Promise<number[]> {
  const { rows } = await database.pool.query<{ id: number }>(
    `UPDATE chunks SET enqueued_at = now() WHERE id IN (
       SELECT c.id FROM chunks c JOIN runs r ON r.id = c.run_id
       WHERE c.remaining > 0 AND c.enqueued_at < now() - make_interval(secs => $2::float8 / 1000)
         AND r.model_id = $1 AND r.status IN ('listing', 'running')
       ORDER BY c.enqueued_at LIMIT $3 FOR UPDATE OF c SKIP LOCKED)
     RETURNING id`,
    [options.modelId, options.olderThanMs, options.limit],
  );
  return rows.map(({ id }) => id);
}

/** How many chunks of a model are open, counted up to `countMax`. */
export async function countOpenChunks(
  database: Database,
  modelId: number,
  countMax: number,
): Promise<number> {
  const { rows } = await database.pool.query<{ count: number }>(
    `SELECT count(*) FROM (
       SELECT FROM chunks c JOIN runs r ON r.id = c.run_id
       WHERE c.remaining > 0 AND r.model_id = $1 AND r.status IN ('listing', 'running') LIMIT $2) AS open`,
    [modelId, countMax],
  );
  return rows[0]?.count ?? 0;
}

/** Ids of a run's open chunks, a thousand at a time. */
export async function* listOpenChunks(database: Database, runId: number): AsyncGenerator<number[]> {
  let after = 0;
  for (;;) {
    const { rows } = await database.pool.query<{ id: number }>(
      'SELECT id FROM chunks WHERE run_id = $1 AND remaining > 0 AND id > $2 ORDER BY id LIMIT 1000',
      [runId, after],
    );
    if (rows.length === 0) return;
    yield rows.map(({ id }) => id);
    after = rows.at(-1)?.id as number;
  }
}

export const storedObjects = (objects: ObjectRef[]): string => JSON.stringify(objects.map(toStored));
