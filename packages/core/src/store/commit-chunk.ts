import type { Prediction } from '../labels/score-labels.js';
import { toMatrix } from '../model/to-matrix.js';
import type { ObjectRef } from '../outcome.js';
import { storedObjects, type ClaimedChunk } from './chunks.js';
import type { Database, Queryable } from './database.js';
import { insertFailures, type FailedObject } from './insert-failures.js';
import { insertPredictions } from './insert-predictions.js';
import { encodeVectors } from './vector-codec.js';
import { vectorTypeOid } from './vector-type-oid.js';

export interface EmbeddedObject {
  object: ObjectRef;
  width: number;
  height: number;
  format: string;
  /** `[D]`, L2-normalised. */
  embedding: Float32Array;
  /** By label set id: the best labels, in rank order. */
  predictions: Map<number, Prediction[]>;
}

export interface ChunkResults {
  embedded: EmbeddedObject[];
  failed: FailedObject[];
  /** Objects that met a passing failure and are worth another delivery. */
  remaining: ObjectRef[];
}

/**
 * Writes what became of a chunk's objects, all or nothing, together with the chunk's own state: whoever
 * is killed before or after, no object is counted twice and none is forgotten.
 * @returns false when the chunk was claimed by somebody else meanwhile, or its run cancelled: nothing was written.
 */
export async function commitChunk(
  database: Database,
  chunk: ClaimedChunk,
  results: ChunkResults,
): Promise<boolean> {
  const typeOid = await vectorTypeOid(database);
  return database.transaction(async (client) => {
    const { rowCount } = await client.query(
      `SELECT FROM chunks c JOIN runs r ON r.id = c.run_id
       WHERE c.id = $1 AND c.delivery = $2 AND c.remaining > 0 AND r.status IN ('listing', 'running')
       FOR UPDATE OF c FOR SHARE OF r`,
      [chunk.id, chunk.delivery],
    );
    if (rowCount !== 1) return false;
    if (results.embedded.length > 0) {
      const imageIds = await upsertImages(client, chunk, results.embedded);
      await upsertEmbeddings(client, chunk, results.embedded, imageIds, typeOid);
      await replacePredictions(client, chunk, results.embedded, imageIds);
    }
    if (results.failed.length > 0) await insertFailures(client, chunk, results.failed);
    await client.query(
      `UPDATE chunks SET objects = $2::jsonb, remaining = $3, embedded = embedded + $4, in_hand = false,
              attempts = attempts + ($3 > 0)::int, enqueued_at = now()
       WHERE id = $1`,
      [chunk.id, storedObjects(results.remaining), results.remaining.length, results.embedded.length],
    );
    return true;
  });
}

/** Ids in the order of `embedded`. */
async function upsertImages(
  client: Queryable,
  chunk: ClaimedChunk,
  embedded: EmbeddedObject[],
): Promise<number[]> {
  // Written in key order: two chunks that share keys (of two models' runs) then never wait for each other in a circle.
  const { rows } = await client.query<{ id: number; key: string }>(
    `INSERT INTO images (source_id, key, etag, size_bytes, width, height, format)
     SELECT $1, * FROM unnest($2::text[], $3::text[], $4::bigint[], $5::int[], $6::int[], $7::text[])
       AS i (key, etag, size_bytes, width, height, format) ORDER BY key COLLATE "C"
     ON CONFLICT (source_id, key) DO UPDATE SET etag = excluded.etag, size_bytes = excluded.size_bytes,
       width = excluded.width, height = excluded.height, format = excluded.format, retired_at = NULL
     RETURNING id, key`,
    [
      chunk.sourceId,
      embedded.map(({ object }) => object.key),
      embedded.map(({ object }) => object.etag),
      embedded.map(({ object }) => object.sizeBytes),
      embedded.map(({ width }) => width),
      embedded.map(({ height }) => height),
      embedded.map(({ format }) => format),
    ],
  );
  const idByKey = new Map(rows.map(({ id, key }) => [key, id]));
  return embedded.map(({ object }) => idByKey.get(object.key) as number);
}

async function upsertEmbeddings(
  client: Queryable,
  chunk: ClaimedChunk,
  embedded: EmbeddedObject[],
  imageIds: number[],
  typeOid: number,
): Promise<void> {
  const dimension = embedded[0]?.embedding.length ?? 0;
  await client.query(
    `INSERT INTO embeddings (model_id, image_id, run_id, etag, embedding)
     SELECT $1, image_id, $2, etag, embedding
     FROM unnest($3::bigint[], $4::text[], $5::vector[]) AS e (image_id, etag, embedding)
     ON CONFLICT (model_id, image_id) DO UPDATE SET run_id = excluded.run_id, etag = excluded.etag,
       embedding = excluded.embedding, embedded_at = now()`,
    [
      chunk.modelId,
      chunk.runId,
      imageIds,
      embedded.map(({ object }) => object.etag),
      encodeVectors(toMatrix(embedded.map(({ embedding }) => embedding)), dimension, typeOid),
    ],
  );
}

/** Those of an earlier version of the image go, under whatever label set. */
async function replacePredictions(
  client: Queryable,
  chunk: ClaimedChunk,
  embedded: EmbeddedObject[],
  imageIds: number[],
): Promise<void> {
  await client.query('DELETE FROM predictions WHERE model_id = $1 AND image_id = ANY ($2)', [
    chunk.modelId,
    imageIds,
  ]);
  for (const labelSetId of chunk.labelSetIds) {
    const predictions = embedded.map((image) => image.predictions.get(labelSetId) ?? []);
    await insertPredictions(client, { modelId: chunk.modelId, labelSetId, imageIds, predictions });
  }
}
