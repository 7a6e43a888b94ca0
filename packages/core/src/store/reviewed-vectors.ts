import type { Reviewed } from '../labels/tune-label-set.js';
import type { Database } from './database.js';
import { partitionOf, type StoredModel } from './register-model.js';
import { decodeVector } from './vector-codec.js';

export interface ReviewedVectors {
  reviewed: Reviewed[];
  /** float32 [N, D], in their order. */
  images: Float32Array;
}

/** What people said of images under a label set of this name, and the images' vectors. */
export const reviewedVectors = (
  database: Database,
  model: StoredModel,
  labelSet: string,
): Promise<ReviewedVectors> =>
  read(
    database,
    model,
    `SELECT i.key, t.labels, vector_send(e.embedding) AS embedding
     FROM truths t JOIN images i ON i.id = t.image_id JOIN ${partitionOf(model)} e ON e.image_id = i.id AND e.etag = i.etag
     WHERE t.label_set = $1 ORDER BY i.key, i.id`,
    [labelSet],
  );

/** The vectors of stored images by key; of every source that has such a key. */
export async function vectorsOfKeys(
  database: Database,
  model: StoredModel,
  labelsOfKey: ReadonlyMap<string, string[]>,
): Promise<ReviewedVectors> {
  const found = await read(
    database,
    model,
    `SELECT i.key, '{}'::text[] AS labels, vector_send(e.embedding) AS embedding
     FROM images i JOIN ${partitionOf(model)} e ON e.image_id = i.id
     WHERE i.key = ANY ($1) AND i.retired_at IS NULL ORDER BY i.key, i.id`,
    [[...labelsOfKey.keys()]],
  );
  const reviewed = found.reviewed.map(({ key }) => ({ key, labels: labelsOfKey.get(key) ?? [] }));
  return { ...found, reviewed };
}

async function read(
  database: Database,
  model: StoredModel,
  statement: string,
  values: unknown[],
): Promise<ReviewedVectors> {
  const { rows } = await database.pool.query<Reviewed & { embedding: Buffer }>(statement, values);
  const images = new Float32Array(rows.length * model.dimension);
  for (const [row, { embedding }] of rows.entries()) decodeVector(embedding, images, row * model.dimension);
  return { reviewed: rows.map(({ key, labels }) => ({ key, labels })), images };
}
