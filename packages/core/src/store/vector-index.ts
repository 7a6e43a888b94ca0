import { DatabaseError, type ClientBase } from 'pg';
import type { Database } from './database.js';
import { partitionOf, type StoredModel } from './register-model.js';

/** Below this an exact scan answers within milliseconds, and an index costs more than it saves. */
const indexedFrom = 5_000;

/** Of the advisory locks that serialise builds; the model's id is the other half. */
const lockClass = 0x7468;

/**
 * A graph that does not fit into its memory while it is made is made several times as slowly. It takes at most about
 * so many times the space of its table, and as much as the server's cache may have is offered to it.
 */
const graphPerTable = 3;

/**
 * How widely the graph is searched for neighbours of each vector while it is made. With pgvector's 64 a search of a million missed
 * 4 of 100, with twice as many 1, and faster; the embedded database, with fewer vectors and nobody
 * beside it to build concurrently with, misses none.
 */
const efConstruction = { '': 64, CONCURRENTLY: 128 };

export type VectorIndexState = 'present' | 'built' | 'being built' | 'not needed';

/**
 * Makes the HNSW index of a model's embeddings after its first bulk load; later rows go into it as they come.
 * Building after the load is several times as fast as inserting into a live index. Commits of other runs go on
 * meanwhile. A build that was killed leaves an index that no query uses: it is made anew.
 * @returns 'being built': somebody else is at it
 */
export async function ensureVectorIndex(database: Database, model: StoredModel): Promise<VectorIndexState> {
  const state = await indexState(database, model);
  if (state === 'valid') return 'present';
  if (state === 'not needed') return 'not needed';
  const client = await database.pool.connect();
  // A connection that breaks says so here too; unheard, it would end the process.
  let broken: Error | undefined;
  const onError = (error: Error) => {
    broken = error;
  };
  client.on('error', onError);
  try {
    // Tried, not waited for: who waits in a transaction would itself be waited for by a concurrent build.
    const lock = [lockClass, model.id];
    const { rows } = await client.query<{ locked: boolean }>(
      'SELECT pg_try_advisory_lock($1, $2) AS locked',
      lock,
    );
    if (!rows[0]?.locked) return 'being built';
    try {
      await buildIndex(client, model);
      return 'built';
    } finally {
      await client.query('SELECT pg_advisory_unlock($1, $2)', lock).catch(onError);
    }
  } finally {
    client.off('error', onError);
    client.release(broken);
  }
}

async function indexState(
  database: Database,
  model: StoredModel,
): Promise<'valid' | 'wanted' | 'not needed'> {
  const table = partitionOf(model);
  const { rows } = await database.pool.query<{ valid: boolean; many: boolean }>(
    `SELECT EXISTS (SELECT FROM pg_index WHERE indexrelid = to_regclass($1) AND indisvalid) AS valid,
            (SELECT count(*) FROM (SELECT FROM ${table} LIMIT ${indexedFrom}) AS first_rows) = ${indexedFrom} AS many`,
    [`${table}_hnsw`],
  );
  if (rows[0]?.valid) return 'valid';
  return rows[0]?.many ? 'wanted' : 'not needed';
}

async function buildIndex(client: ClientBase, model: StoredModel): Promise<void> {
  const table = partitionOf(model);
  const { rows } = await client.query<{ embedded: boolean }>(`SELECT version() LIKE '%PGlite%' AS embedded`);
  // The embedded database serves one transaction at a time, so there is nobody to let by; it has its memory set.
  if (rows[0]?.embedded) return createIndex(client, model, '');
  // Outside a transaction there is no SET LOCAL.
  await client.query(
    `SELECT set_config('maintenance_work_mem', greatest(pg_size_bytes(current_setting('maintenance_work_mem')),
       least($1 * pg_relation_size($2), pg_size_bytes(current_setting('shared_buffers')))) / 1024 || 'kB', false)`,
    [graphPerTable, table],
  );
  try {
    await createIndex(client, model, 'CONCURRENTLY');
  } catch (error) {
    if (!isOutOfResources(error)) throw error;
    await client.query('SET max_parallel_maintenance_workers = 0');
    await createIndex(client, model, 'CONCURRENTLY');
  } finally {
    await client.query('RESET maintenance_work_mem; RESET max_parallel_maintenance_workers').catch(() => {});
  }
}

async function createIndex(
  client: ClientBase,
  model: StoredModel,
  concurrently: keyof typeof efConstruction,
): Promise<void> {
  const table = partitionOf(model);
  const { rowCount: left } = await client.query(
    'SELECT FROM pg_index WHERE indexrelid = to_regclass($1) AND NOT indisvalid',
    [`${table}_hnsw`],
  );
  if (left) await client.query(`DROP INDEX ${concurrently} ${table}_hnsw`);
  await client.query(
    `CREATE INDEX ${concurrently} IF NOT EXISTS ${table}_hnsw ON ${table}
     USING hnsw ((embedding::vector(${model.dimension})) vector_cosine_ops)
     WITH (ef_construction = ${efConstruction[concurrently]})`,
  );
}

/** Processes that build together share memory, of which a container may have too little: 64 MB, unless told otherwise. */
const isOutOfResources = (error: unknown): boolean =>
  error instanceof DatabaseError && error.code?.startsWith('53') === true;
