import { UsageError } from '../usage-error.js';
import type { Database, Queryable } from './database.js';

export type RunStatus = 'listing' | 'running' | 'finished' | 'cancelled';

/** `listed = unchanged + embedded + failed + pending` at any moment, whatever was killed meanwhile. */
export interface Run {
  id: number;
  source: string;
  model: { id: number; name: string; fingerprint: string; dimension: number };
  labelSetIds: number[];
  /** Policies that decide about its images when it ends. */
  policyIds: number[];
  prune: boolean;
  status: RunStatus;
  /** Of the listing: where to go on. */
  cursor: string | null;
  listed: number;
  unchanged: number;
  embedded: number;
  failed: number;
  pending: number;
  retired: number;
  startedAt: Date;
  finishedAt: Date | null;
}

const selectRun = `
  SELECT r.id, s.uri AS source,
         json_build_object('id', m.id, 'name', m.name, 'fingerprint', m.fingerprint, 'dimension', m.dimension) AS model,
         r.label_set_ids AS "labelSetIds", r.policy_ids AS "policyIds", r.prune, r.status, r.cursor, r.listed, r.unchanged, r.retired,
         c.embedded, c.pending, (SELECT count(*) FROM failures f WHERE f.run_id = r.id) AS failed,
         r.started_at AS "startedAt", r.finished_at AS "finishedAt"
  FROM runs r
  JOIN sources s ON s.id = r.source_id
  JOIN models m ON m.id = r.model_id
  CROSS JOIN LATERAL (
    SELECT coalesce(sum(embedded), 0) AS embedded, coalesce(sum(remaining), 0) AS pending
    FROM chunks WHERE run_id = r.id
  ) c`;

export async function findRun(database: Database, id: number): Promise<Run | undefined> {
  const { rows } = await database.pool.query<Run>(`${selectRun} WHERE r.id = $1`, [id]);
  return rows[0];
}

/** @throws {UsageError} when there is no such run. */
export async function getRun(database: Database, id: number): Promise<Run> {
  const run = await findRun(database, id);
  if (!run) throw new UsageError(`There is no run ${id}`);
  return run;
}

/** Newest first. */
export async function listRuns(
  database: Database,
  options: { limit: number; beforeId?: number },
): Promise<Run[]> {
  const { rows } = await database.pool.query<Run>(
    `${selectRun} WHERE $2::int IS NULL OR r.id < $2 ORDER BY r.id DESC LIMIT $1`,
    [options.limit, options.beforeId ?? null],
  );
  return rows;
}

/**
 * The open run of this source and model, taken up where it stopped, or else a new one.
 * @throws {UsageError} when the open run is of another kind than what is asked for.
 */
export async function openRun(
  database: Database,
  wanted: { sourceUri: string; modelId: number; labelSetIds: number[]; policyIds?: number[]; prune: boolean },
): Promise<{ id: number; resumed: boolean }> {
  return database.transaction(async (client) => {
    const sourceId = await registerSource(client, wanted.sourceUri);
    const values = [sourceId, wanted.modelId, wanted.labelSetIds, wanted.prune, wanted.policyIds ?? []];
    const { rows } = await client.query<{ id: number; resumed: boolean; same: boolean }>(
      `WITH open AS (
         SELECT id, true AS resumed, label_set_ids @> $3 AND policy_ids @> $5 AND prune = $4 AS same FROM runs
         WHERE source_id = $1 AND model_id = $2 AND status IN ('listing', 'running')
       ), opened AS (
         INSERT INTO runs (source_id, model_id, label_set_ids, prune, policy_ids)
         SELECT $1, $2, $3, $4, $5 WHERE NOT EXISTS (SELECT FROM open)
         RETURNING id, false AS resumed, true AS same
       )
       SELECT * FROM open UNION ALL SELECT * FROM opened`,
      values,
    );
    const run = rows[0] as { id: number; resumed: boolean; same: boolean };
    if (run.same) return run;
    throw new UsageError(
      `Run ${run.id} over this source and model is still open, with other label sets, policies or another --prune: ` +
        `wait for it, or end it with "tuhai cancel ${run.id}"`,
    );
  });
}

/** Locks the source's row until the transaction ends: of two that open a run at once, the second finds the first's. */
async function registerSource(client: Queryable, uri: string): Promise<number> {
  await client.query('INSERT INTO sources (uri) VALUES ($1) ON CONFLICT (uri) DO NOTHING', [uri]);
  const { rows } = await client.query<{ id: number }>('SELECT id FROM sources WHERE uri = $1 FOR UPDATE', [
    uri,
  ]);
  return (rows[0] as { id: number }).id;
}

/** Whether listing has ended and no chunk is open: what is left is to label what was unchanged, and to index. */
export async function isRunReadyToFinish(database: Database, id: number): Promise<boolean> {
  const { rowCount } = await database.pool.query(
    `SELECT FROM runs WHERE id = $1 AND status = 'running'
     AND NOT EXISTS (SELECT FROM chunks WHERE run_id = $1 AND remaining > 0)`,
    [id],
  );
  return rowCount === 1;
}

/** Runs of a model that nobody has finished though nothing of them is left to do. */
export async function listUnfinishedRuns(database: Database, modelId: number): Promise<number[]> {
  const { rows } = await database.pool.query<{ id: number }>(
    `SELECT id FROM runs r WHERE model_id = $1 AND status = 'running'
     AND NOT EXISTS (SELECT FROM chunks WHERE run_id = r.id AND remaining > 0)`,
    [modelId],
  );
  return rows.map(({ id }) => id);
}

/** Does nothing when a retry has opened the run again meanwhile, or somebody else has finished it. */
export async function finishRun(database: Database, id: number): Promise<void> {
  await database.pool.query(
    `UPDATE runs SET status = 'finished', finished_at = now() WHERE id = $1 AND status = 'running'
     AND NOT EXISTS (SELECT FROM chunks WHERE run_id = $1 AND remaining > 0)`,
    [id],
  );
}

/** Chunks in hand are refused at their commit, those queued are dropped when taken. */
export async function cancelRun(database: Database, id: number): Promise<void> {
  const { rowCount } = await database.pool.query(
    `UPDATE runs SET status = 'cancelled', finished_at = now() WHERE id = $1 AND status IN ('listing', 'running')`,
    [id],
  );
  if (rowCount === 1) return;
  const run = await getRun(database, id);
  throw new UsageError(`Run ${id} is ${run.status} and cannot be cancelled`);
}
