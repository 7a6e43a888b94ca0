import type { ItemFailure } from '../item-failure.js';
import type { ObjectRef } from '../outcome.js';
import type { ClaimedChunk } from './chunks.js';
import type { Queryable } from './database.js';

export interface FailedObject {
  object: ObjectRef;
  failure: ItemFailure;
}

/** Objects that will not be tried again for now, and why. */
export async function insertFailures(
  client: Queryable,
  chunk: ClaimedChunk,
  failed: readonly FailedObject[],
): Promise<void> {
  await client.query(
    `INSERT INTO failures (run_id, key, etag, size_bytes, code, message, retryable, attempts)
     SELECT $1, *, $8 FROM unnest($2::text[], $3::text[], $4::bigint[], $5::text[], $6::text[], $7::boolean[])
     ON CONFLICT (run_id, key) DO UPDATE SET etag = excluded.etag, code = excluded.code,
       message = excluded.message, retryable = excluded.retryable, attempts = excluded.attempts, failed_at = now()`,
    [
      chunk.runId,
      failed.map(({ object }) => object.key),
      failed.map(({ object }) => object.etag),
      failed.map(({ object }) => object.sizeBytes),
      failed.map(({ failure }) => failure.code),
      // Postgres text holds no NUL, which a hostile file may well put into a decoder's message.
      failed.map(({ failure }) => failure.message.replaceAll('\0', '')),
      failed.map(({ failure }) => failure.retryable),
      chunk.attempts + 1,
    ],
  );
  // What the source holds now cannot be embedded for good: the vector of what it held before describes nothing.
  const gone = failed.filter(({ failure }) => !failure.retryable).map(({ object }) => object.key);
  if (gone.length === 0) return;
  // In a statement before: the next one then sees predictions that were being written. See `labelStored`.
  await client.query(
    'SELECT FROM images WHERE source_id = $1 AND key = ANY ($2) ORDER BY key FOR NO KEY UPDATE',
    [chunk.sourceId, gone],
  );
  await client.query(
    `WITH image AS (SELECT id FROM images WHERE source_id = $1 AND key = ANY ($3)),
          forgotten AS (DELETE FROM predictions p USING image WHERE p.image_id = image.id AND p.model_id = $2)
     DELETE FROM embeddings e USING image WHERE e.image_id = image.id AND e.model_id = $2`,
    [chunk.sourceId, chunk.modelId, gone],
  );
}
