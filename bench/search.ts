import { searchImages, type SearchHit } from '@tuhai/core/store/search-images';
import type { Database } from '@tuhai/core/store/database';
import type { ImageFilter } from '@tuhai/core/store/image-filter';
import { partitionOf, registerModel, type StoredModel } from '@tuhai/core/store/register-model';
import { encodeVectors } from '@tuhai/core/store/vector-codec';
import { ensureVectorIndex } from '@tuhai/core/store/vector-index';
import { vectorTypeOid } from '@tuhai/core/store/vector-type-oid';
import { databases } from './databases.js';
import { numbersOf } from './options.js';
import { report } from './report.js';

const dayMs = 86_400_000;
const rowsAtOnce = 2_000;
const k = 10;

/** A filter by time is independent of the pictures; one by key takes whole clusters away but for that of 50 %. */
const filters: Record<string, ImageFilter> = {
  all: {},
  ...Object.fromEntries([0.5, 0.1, 0.01, 0.001].map((share) => [`time, ${100 * share} %`, since(share)])),
  'key, 50 %': { prefix: 'half' },
  'key, 10 %': { prefix: 'halftenth' },
  'key, 1 %': { prefix: 'halftenthhundredth' },
  'key, 0.1 %': { prefix: 'halftenthhundredththousandth' },
};

/**
 * Search over clustered unit vectors: p50, p99 and recall@10 against an exact scan, unfiltered and filtered, on the
 * embedded database and on Postgres; load and index build time.
 * [--vectors N] [--dimension N] [--queries N] [--postgres-vectors N]
 */
export async function benchSearch(argv: string[]): Promise<void> {
  const options = numbersOf(argv, {
    vectors: 100_000,
    dimension: 128,
    queries: 40,
    'postgres-vectors': 100_000,
  });
  const counts = { embedded: options.vectors, postgres: options['postgres-vectors'] };
  const results = [];
  for (const kind of ['embedded', 'postgres'] as const) {
    if (counts[kind] === 0) continue;
    const { database, close } = await databases[kind]();
    try {
      const model = await registerModel(database, {
        fingerprint: 'bench',
        name: 'bench',
        family: 'clip',
        dimension: options.dimension,
      });
      const loadSeconds = await seconds(() => load(database, model, counts[kind]));
      const indexSeconds = await seconds(() => ensureVectorIndex(database, model));
      const where = { database: kind, vectors: counts[kind], loadSeconds, indexSeconds };
      for (const [name, filter] of Object.entries(filters))
        results.push({
          ...where,
          filter: name,
          ...(await measure(database, model, filter, options.queries)),
        });
    } finally {
      await close();
    }
  }
  report('search', {
    conditions: `${options.dimension} dimensions in clusters, k ${k}, ${options.queries} queries each`,
    table: results.map((r) => ({
      what: `${r.database}, ${r.vectors} vectors, ${r.filter}`,
      'p50, ms': r.p50Ms,
      'p99, ms': r.p99Ms,
      'recall@10': r.recall,
      'exact scan, ms': r.exactMs,
      'load, s': r.loadSeconds,
      'index, s': r.indexSeconds,
    })),
    ratio: `p99 at most ${Math.max(...results.map(({ p99Ms }) => p99Ms))} ms, recall@10 at least ${Math.min(...results.map(({ recall }) => recall))}`,
    details: { results },
  });
}

async function load(database: Database, model: StoredModel, count: number): Promise<void> {
  const typeOid = await vectorTypeOid(database);
  await database.pool.query(`INSERT INTO sources (uri) VALUES ('s3://bench')`);
  await database.pool.query('INSERT INTO runs (source_id, model_id) VALUES (1, $1)', [model.id]);
  for (let from = 0; from < count; from += rowsAtOnce) {
    const size = Math.min(rowsAtOnce, count - from);
    const matrix = new Float32Array(size * model.dimension);
    for (let row = 0; row < size; row++)
      matrix.set(vectorOf(from + row, model.dimension), row * model.dimension);
    await database.pool.query(
      `WITH image AS (
         INSERT INTO images (source_id, key, etag, size_bytes)
         SELECT 1, key, 'e', 1 FROM unnest($1::text[]) AS key RETURNING id)
       INSERT INTO embeddings (model_id, image_id, run_id, etag, embedding, embedded_at)
       SELECT $2, i.id, 1, 'e', v.embedding, v.embedded_at
       FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM image) i
       JOIN unnest($3::vector[], $4::timestamptz[]) WITH ORDINALITY AS v (embedding, embedded_at, n) ON v.n = i.n`,
      [
        Array.from({ length: size }, (_, row) => keyOf(from + row)),
        model.id,
        encodeVectors(matrix, model.dimension, typeOid),
        Array.from({ length: size }, (_, row) => timeOf(from + row)),
      ],
    );
  }
  await database.pool.query('ANALYZE');
}

/** Its prefixes nest, so that one key says for each selectivity whether it is in. */
const keyOf = (i: number): string => {
  const named = [
    [1_000, 'halftenthhundredththousandth'],
    [100, 'halftenthhundredth'],
    [10, 'halftenth'],
    [2, 'half'],
  ] as const;
  return `${named.find(([every]) => i % every === 0)?.[1] ?? 'other'}/${i}.jpg`;
};

/** Somewhere in a day, evenly and in no order. */
function timeOf(i: number): Date {
  return new Date(dayMs * ((i * 0.618_033_988_749_895) % 1));
}

/** The filter that the last `share` of that day passes. */
function since(share: number): { embeddedSince: Date } {
  return { embeddedSince: new Date(dayMs * (1 - share)) };
}

async function measure(database: Database, model: StoredModel, filter: ImageFilter, queries: number) {
  const times: number[] = [];
  const exactTimes: number[] = [];
  let found = 0;
  let wanted = 0;
  for (let q = -2; q < queries; q++) {
    const vector = vectorOf(-1_000 - q, model.dimension);
    const startedMs = performance.now();
    const hits = await searchImages(database, model, { vector, k, filter });
    if (q < 0) continue;
    times.push(performance.now() - startedMs);
    if (q % 4 !== 0) continue;
    const exactMs = performance.now();
    const exact = await exactSearch(database, model, vector, filter);
    exactTimes.push(performance.now() - exactMs);
    wanted += exact.size;
    found += hits.filter(({ imageId }: SearchHit) => exact.has(imageId)).length;
  }
  return {
    p50Ms: at(times, 0.5),
    p99Ms: at(times, 0.99),
    recall: Number((found / wanted).toFixed(3)),
    exactMs: at(exactTimes, 0.5),
  };
}

async function exactSearch(
  database: Database,
  model: StoredModel,
  vector: Float32Array,
  { prefix = '', embeddedSince = new Date(0) }: ImageFilter,
): Promise<Set<number>> {
  return database.transaction(async (client) => {
    await client.query('SET LOCAL enable_indexscan = off');
    const { rows } = await client.query<{ id: number }>(
      `SELECT i.id FROM ${partitionOf(model)} e JOIN images i ON i.id = e.image_id
       WHERE starts_with(i.key, $2) AND e.embedded_at >= $3 ORDER BY e.embedding::vector(${model.dimension}) <=> $1::vector LIMIT ${k}`,
      [`[${vector.join(',')}]`, prefix, embeddedSince],
    );
    return new Set(rows.map(({ id }) => id));
  });
}

/** A unit vector near one of 1,000 centres, the same for the same number. */
function vectorOf(i: number, dimension: number): Float32Array {
  const centre = randomOf((Math.abs(i) * 7_919) % 1_000);
  const own = randomOf(1_000_003 + i);
  const vector = Float32Array.from({ length: dimension }, () => centre() + 0.6 * own());
  const length = Math.hypot(...vector);
  return vector.map((x) => x / length);
}

/** mulberry32, centred on zero. */
function randomOf(seed: number): () => number {
  let state = Math.imul(seed + 1, 0x9e3779b1);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32 - 0.5;
  };
}

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now();
  await work();
  return Math.round(performance.now() - startedMs) / 1_000;
}

const at = (of: number[], part: number): number =>
  Number((of.toSorted((a, b) => a - b)[Math.floor(part * (of.length - 1))] as number).toPrecision(3));
