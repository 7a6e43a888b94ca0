import { UsageError } from '../usage-error.js';
import type { Database, Queryable } from './database.js';
import { filterConditions, type ImageFilter } from './image-filter.js';
import { partitionOf, type StoredModel } from './register-model.js';
import { vectorText } from './vector-codec.js';

export interface SearchHit {
  imageId: number;
  source: string;
  key: string;
  cosine: number;
  /** To `against`, where it was given. */
  cosineAgainst: number | null;
}

export const hitsMax = 1_000;

export interface ImageSearch {
  /** `[D]`, of any length but zero. */
  vector: Float32Array;
  k: number;
  filter?: ImageFilter;
  exceptImageId?: number;
  /** `[D]`: each hit's cosine to it comes along. */
  against?: Float32Array;
  /** Looks at every vector, whatever it takes. */
  exact?: boolean;
}

/** Of so few images that a filter is expected to let through, each is looked at: the index would pass most of it by. */
const exactRowsMax = 20_000;
/** And of so many where the filter turns out to take away what is near: half a second then, for hits that would be missed. */
const exactRowsMaxWhenFar = 150_000;

/** How many the index looks at first; 1,000 is pgvector's limit. */
const efSearch = { all: 800, filtered: 1_000 };
/**
 * Found beyond those asked for, the nearest of which are kept: with a filter that takes the nearest images away, those after
 * them are found only far from where the search began, and not in order.
 */
const spare = 20;
const scanTuplesMax = 40_000;

/**
 * The k images nearest to a vector among those of one model, the nearest first; retired images are left out.
 * Where a filter lets little through, or little near the vector, the index is searched further, or every image looked at.
 * @throws {UsageError} for a vector of another dimension, a zero vector, or k out of range.
 */
export async function searchImages(
  database: Database,
  model: StoredModel,
  query: ImageSearch,
): Promise<SearchHit[]> {
  const { vector, k, filter = {} } = query;
  if (vector.length !== model.dimension) {
    throw new UsageError(
      `The vector has ${vector.length} dimensions; those stored for ${model.name} have ${model.dimension}`,
    );
  }
  if (!vector.some((component) => component !== 0))
    throw new UsageError('A zero vector has no direction to search in');
  if (!Number.isInteger(k) || k < 1 || k > hitsMax)
    throw new UsageError(`k is ${k}; it must be from 1 to ${hitsMax}`);

  const filtered = Object.values(filter).some((value) => value !== undefined);
  const values: unknown[] = [vectorText(vector)];
  const conditions = filterConditions(model, filter, values);
  if (query.exceptImageId !== undefined) conditions.push(`i.id <> $${values.push(query.exceptImageId)}`);
  const distance = `e.embedding::vector(${model.dimension}) <=> $1::vector(${model.dimension})`;
  const against = query.against
    ? `1 - (e.embedding::vector(${model.dimension}) <=> $${values.push(vectorText(query.against))}::vector(${model.dimension}))`
    : 'NULL::float8';
  const from = `FROM ${partitionOf(model)} e JOIN images i ON i.id = e.image_id JOIN sources s ON s.id = i.source_id`;
  const where = conditions.join(' AND ');
  return database.transaction(async (client) => {
    // Negated: NaN, the cosine of a zero vector, is greater than any number.
    const search = async (order: string, count: number) => {
      const { rows } = await client.query<SearchHit>(
        `WITH nearest AS MATERIALIZED (
           SELECT i.id AS "imageId", s.uri AS source, i.key, 1 - (${distance}) AS cosine, ${against} AS "cosineAgainst"
           ${from} WHERE ${where} ORDER BY ${order} LIMIT ${count})
         SELECT * FROM nearest ORDER BY -cosine`,
        values,
      );
      return rows;
    };
    // The sum is no expression of the index, so that every image is looked at. Costs of a server on disks would make it read the
    // whole table for a hundredth of it, and compiling takes longer than looking.
    const exactly = async () => {
      await client.query(
        `SELECT set_config('random_page_cost', '1.1', true), set_config('jit', 'off', true)`,
      );
      return search(`(${distance}) + 0`, k);
    };
    const byIndex = async (iterativeScan: 'off' | 'relaxed_order') => {
      await client.query(
        `SELECT set_config('hnsw.iterative_scan', $1, true), set_config('hnsw.ef_search', $2, true),
           set_config('hnsw.max_scan_tuples', $3, true), set_config('hnsw.scan_mem_multiplier', '4', true)`,
        [
          iterativeScan,
          String(Math.max(filtered ? efSearch.filtered : efSearch.all, k)),
          String(scanTuplesMax),
        ],
      );
      return search(distance, k + spare);
    };
    if (query.exact) return exactly();
    const expected = filtered ? await estimateRows(client, model, filter) : Infinity;
    if (expected <= exactRowsMax) return exactly();
    const near = await byIndex('off');
    if (near.length >= k + (filtered ? spare : 0)) return near.slice(0, k);
    if (expected <= exactRowsMaxWhenFar) return exactly();
    const far = await byIndex('relaxed_order');
    return far.length < k ? exactly() : far.slice(0, k);
  });
}

/** How many images the planner expects a filter to let through. */
export async function estimateRows(
  client: Queryable,
  model: StoredModel,
  filter: ImageFilter,
): Promise<number> {
  const values: unknown[] = [];
  const where = filterConditions(model, filter, values).join(' AND ');
  const { rows } = await client.query<{ 'QUERY PLAN': [{ Plan: { 'Plan Rows': number } }] }>(
    `EXPLAIN (FORMAT JSON) SELECT FROM ${partitionOf(model)} e JOIN images i ON i.id = e.image_id
     JOIN sources s ON s.id = i.source_id WHERE ${where}`,
    values,
  );
  return rows[0]?.['QUERY PLAN'][0].Plan['Plan Rows'] ?? 0;
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
