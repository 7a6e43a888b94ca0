import type { Database } from './database.js';
import { filterConditions, type ImageFilter } from './image-filter.js';
import { partitionOf, type StoredModel } from './register-model.js';
import { decodeVector } from './vector-codec.js';

export interface VectorSample {
  /** Images that the filter lets through, counted. */
  total: number;
  imageIds: number[];
  keys: string[];
  /** float32 [N, D], rows of length 1, in the order of the ids. */
  matrix: Float32Array;
}

/**
 * Stored vectors of at most `sizeMax` images, all of them where there are no more, else spread over the ids evenly:
 * the same collection gives the same sample.
 */
export async function sampleVectors(
  database: Database,
  model: StoredModel,
  { filter, sizeMax }: { filter: ImageFilter; sizeMax: number },
): Promise<VectorSample> {
  const values: unknown[] = [];
  const from = `FROM ${partitionOf(model)} e JOIN images i ON i.id = e.image_id JOIN sources s ON s.id = i.source_id
    WHERE ${filterConditions(model, filter, values).join(' AND ')}`;
  const counted = await database.pool.query<{ total: number }>(`SELECT count(*) AS total ${from}`, values);
  const total = counted.rows[0]?.total ?? 0;
  // Ids are given in listing order: a hash spreads the sample over all of it, where a step could meet a pattern.
  const share = `AND abs(hashint8(i.id)::bigint) % ${Math.max(1, Math.ceil(total / sizeMax))} = 0`;
  const { rows } = await database.pool.query<{ id: number; key: string; embedding: Buffer }>(
    `SELECT i.id, i.key, vector_send(e.embedding) AS embedding ${from} ${share} ORDER BY i.id LIMIT ${sizeMax}`,
    values,
  );
  const matrix = new Float32Array(rows.length * model.dimension);
  for (const [row, { embedding }] of rows.entries()) decodeVector(embedding, matrix, row * model.dimension);
  return { total, imageIds: rows.map(({ id }) => id), keys: rows.map(({ key }) => key), matrix };
}
