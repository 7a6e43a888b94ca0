import type { ObjectRef } from '../outcome.js';
import type { Database, Queryable } from './database.js';

/** Objects of one page that need no work: embedded by this model from the same ETag. */
export async function findUnchanged(
  database: Database,
  page: { sourceUri: string; modelId: number; objects: ObjectRef[] },
): Promise<Set<string>> {
  const { rows } = await database.pool.query<{ key: string }>(
    `SELECT i.key
     FROM sources s
     JOIN unnest($3::text[], $4::text[]) AS listed (key, etag) ON true
     JOIN images i ON i.source_id = s.id AND i.key = listed.key
     JOIN embeddings e ON e.image_id = i.id AND e.model_id = $2 AND e.etag = listed.etag
     WHERE s.uri = $1`,
    [page.sourceUri, page.modelId, page.objects.map((o) => o.key), page.objects.map((o) => o.etag)],
  );
  return new Set(rows.map(({ key }) => key));
}

/** Chunk payload as stored: arrays instead of objects, as keys repeat in none of them. */
export type StoredObject = [key: string, etag: string, sizeBytes: number];
export const toStored = (o: ObjectRef): StoredObject => [o.key, o.etag, o.sizeBytes];
export const fromStored = ([key, etag, sizeBytes]: StoredObject): ObjectRef => ({ key, etag, sizeBytes });

/**
 * Records one page of a listing: its chunks, its counts and the cursor, all or nothing, so that a listing
 * that is killed goes on exactly after its last page.
 * @param page.trackKeys remembers every key, for sources that may repeat one and for runs that prune.
 * @returns the ids of the chunks, to be queued; undefined when the run is no longer being listed from here
 *   (cancelled, or listed by somebody else).
 */
export async function commitPage(
  database: Database,
  page: {
    runId: number;
    cursorBefore: string | null;
    cursor: string;
    objects: ObjectRef[];
    unchanged: ReadonlySet<string>;
    chunkSize: number;
    trackKeys: boolean;
  },
): Promise<number[] | undefined> {
  return database.transaction(async (client) => {
    const { rowCount } = await client.query(
      `SELECT FROM runs WHERE id = $1 AND status = 'listing' AND cursor IS NOT DISTINCT FROM $2 FOR UPDATE`,
      [page.runId, page.cursorBefore],
    );
    if (rowCount !== 1) return undefined;
    const objects = page.trackKeys ? await firstSeen(client, page.runId, page.objects) : page.objects;
    const changed = objects.filter(({ key }) => !page.unchanged.has(key));
    await client.query(
      'UPDATE runs SET listed = listed + $2, unchanged = unchanged + $3, cursor = $4 WHERE id = $1',
      [page.runId, objects.length, objects.length - changed.length, page.cursor],
    );
    await client.query(
      `UPDATE images i SET retired_at = NULL FROM runs r
       WHERE r.id = $1 AND i.source_id = r.source_id AND i.key = ANY ($2) AND i.retired_at IS NOT NULL`,
      [page.runId, [...page.unchanged]],
    );
    return insertChunks(client, page.runId, chunked(changed, page.chunkSize));
  });
}

async function firstSeen(client: Queryable, runId: number, objects: ObjectRef[]): Promise<ObjectRef[]> {
  const { rows } = await client.query<{ key: string }>(
    `INSERT INTO listed_keys (run_id, key) SELECT DISTINCT $1::int, key FROM unnest($2::text[]) AS key
     ON CONFLICT DO NOTHING RETURNING key`,
    [runId, objects.map(({ key }) => key)],
  );
  const fresh = new Set(rows.map(({ key }) => key));
  return objects.filter(({ key }) => fresh.delete(key));
}

export function chunked<T>(items: readonly T[], size: number): T[][] {
  const chunks: T[][] = [];
  for (let at = 0; at < items.length; at += size) chunks.push(items.slice(at, at + size));
  return chunks;
}

export async function insertChunks(
  client: Queryable,
  runId: number,
  chunks: ObjectRef[][],
): Promise<number[]> {
  if (chunks.length === 0) return [];
  const { rows } = await client.query<{ id: number }>(
    `INSERT INTO chunks (run_id, objects, remaining)
     SELECT $1, objects, jsonb_array_length(objects) FROM unnest($2::jsonb[]) AS objects
     RETURNING id`,
    [runId, chunks.map((objects) => JSON.stringify(objects.map(toStored)))],
  );
  return rows.map(({ id }) => id);
}

/** Ends the listing. With `prune`, what the listing has not seen is retired: kept, but out of every search. */
export async function endListing(database: Database, runId: number, prune: boolean): Promise<void> {
  await database.transaction(async (client) => {
    const { rowCount } = await client.query(
      `UPDATE runs SET status = 'running', cursor = NULL WHERE id = $1 AND status = 'listing'`,
      [runId],
    );
    if (rowCount !== 1) return;
    if (prune) await retireUnlisted(client, runId);
    await client.query('DELETE FROM listed_keys WHERE run_id = $1', [runId]);
  });
}

async function retireUnlisted(client: Queryable, runId: number): Promise<void> {
  // An empty listing is far likelier a mistake than an emptied source: it retires nothing.
  await client.query(
    `WITH retired AS (
       UPDATE images i SET retired_at = now() FROM runs r
       WHERE r.id = $1 AND r.listed > 0 AND i.source_id = r.source_id AND i.retired_at IS NULL
         AND NOT EXISTS (SELECT FROM listed_keys l WHERE l.run_id = $1 AND l.key = i.key)
       RETURNING 1
     )
     UPDATE runs SET retired = (SELECT count(*) FROM retired) WHERE id = $1`,
    [runId],
  );
}
