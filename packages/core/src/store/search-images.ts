import { UsageError } from '../usage-error.js';
import type { Database } from './database.js';
import { filterConditions, type ImageFilter } from './image-filter.js';
import { partitionOf, type StoredModel } from './register-model.js';
import { vectorText } from './vector-codec.js';

export interface SearchHit {
  imageId: number;
  source: string;
  key: string;
  cosine: number;
}

export const hitsMax = 1_000;

/**
 * The k images nearest to a vector among those of one model, the nearest first; retired images are left out.
 * @param query.vector `[D]`, of any length but zero.
 * @throws {UsageError} for a vector of another dimension, a zero vector, or k out of range.
 */
export async function searchImages(
  database: Database,
  model: StoredModel,
  query: { vector: Float32Array; k: number; filter?: ImageFilter; exceptImageId?: number },
): Promise<SearchHit[]> {
  const { vector, k } = query;
  if (vector.length !== model.dimension) {
    throw new UsageError(
      `The vector has ${vector.length} dimensions; those stored for ${model.name} have ${model.dimension}`,
    );
  }
  if (!vector.some((component) => component !== 0))
    throw new UsageError('A zero vector has no direction to search in');
  if (!Number.isInteger(k) || k < 1 || k > hitsMax)
    throw new UsageError(`k is ${k}; it must be from 1 to ${hitsMax}`);

  const values: unknown[] = [vectorText(vector), k];
  const conditions = filterConditions(model, query.filter ?? {}, values);
  if (query.exceptImageId !== undefined) conditions.push(`i.id <> $${values.push(query.exceptImageId)}`);
  const distance = `e.embedding::vector(${model.dimension}) <=> $1::vector(${model.dimension})`;
  return database.transaction(async (client) => {
    // An HNSW scan goes on until the filter has let k images through, and looks at no fewer than k candidates.
    await client.query(
      `SELECT set_config('hnsw.iterative_scan', 'strict_order', true), set_config('hnsw.ef_search', $1, true)`,
      [String(Math.min(1_000, Math.max(100, k)))],
    );
    const { rows } = await client.query<SearchHit>(
      `SELECT i.id AS "imageId", s.uri AS source, i.key, 1 - (${distance}) AS cosine
       FROM ${partitionOf(model)} e JOIN images i ON i.id = e.image_id JOIN sources s ON s.id = i.source_id
       WHERE ${conditions.join(' AND ')}
       ORDER BY ${distance} LIMIT $2`,
      values,
    );
    return rows;
  });
}

/** The stored vector of one image, for a search by it. Undefined: no such image, or not embedded by this model. */
export async function getEmbedding(
  database: Database,
  model: StoredModel,
  imageId: number,
): Promise<Float32Array | undefined> {
  const { rows } = await database.pool.query<{ embedding: string }>(
    `SELECT embedding FROM ${partitionOf(model)} WHERE image_id = $1`,
    [imageId],
  );
  return rows[0] && Float32Array.from(JSON.parse(rows[0].embedding) as number[]);
}
