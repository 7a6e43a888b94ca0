import type { Database } from './database.js';
import { partitionOf, type StoredModel } from './register-model.js';

/** Below this an exact scan answers within milliseconds, and an index costs more than it saves. */
const indexedFrom = 5_000;

/**
 * Makes the HNSW index of a model's embeddings after its first bulk load; later rows go into it as they come.
 * Building after the load is several times as fast as inserting into a live index.
 */
export async function ensureVectorIndex(
  database: Database,
  model: StoredModel,
): Promise<'present' | 'built' | 'not needed'> {
  const table = partitionOf(model);
  const { rows } = await database.pool.query<{ present: boolean; many: boolean }>(
    `SELECT to_regclass($1) IS NOT NULL AS present,
            (SELECT count(*) FROM (SELECT FROM ${table} LIMIT ${indexedFrom}) AS first_rows) = ${indexedFrom} AS many`,
    [`${table}_hnsw`],
  );
  if (rows[0]?.present) return 'present';
  if (!rows[0]?.many) return 'not needed';
  await database.pool.query(
    `CREATE INDEX IF NOT EXISTS ${table}_hnsw ON ${table}
     USING hnsw ((embedding::vector(${model.dimension})) vector_cosine_ops)`,
  );
  return 'built';
}
