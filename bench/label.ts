import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startEmbeddedPostgres } from '@tuhai/cli/embedded/postgres/embedded-postgres';
import { parseLabelSet } from '@tuhai/core/labels/label-set';
import { openLabelScorer, type LabelScorer } from '@tuhai/core/labels/score-labels';
import { openDatabase, type Database } from '@tuhai/core/store/database';
import { registerLabelSet } from '@tuhai/core/store/label-sets';
import { labelStored } from '@tuhai/core/store/label-stored';
import { migrate } from '@tuhai/core/store/migrate';
import { registerModel, type StoredModel } from '@tuhai/core/store/register-model';
import { encodeVectors } from '@tuhai/core/store/vector-codec';
import { vectorTypeOid } from '@tuhai/core/store/vector-type-oid';
import { serverCache } from './databases.js';
import { startPostgres } from '../test/rig/postgres.js';
import { randomMatrix } from '../test/store/random-matrix.js';

const usage =
  'npm run bench label -- [--images N] [--labels N] [--dimension N] [--top N] [--on embedded|postgres]…';

/** Images/s of labelling stored vectors, whole and in parts, on the embedded database and on a PostgreSQL. */
export async function benchLabel(argv: string[]): Promise<void> {
  const { values } = parseArgs({
    args: argv,
    options: {
      images: { type: 'string', default: '100000' },
      labels: { type: 'string', default: '1000' },
      dimension: { type: 'string', default: '512' },
      top: { type: 'string', default: '10' },
      on: { type: 'string', multiple: true, default: ['embedded', 'postgres'] },
    },
  });
  const [images, labels, dimension] = [values.images, values.labels, values.dimension].map(Number) as [
    number,
    number,
    number,
  ];
  const top = Number(values.top);
  const machine = `${availableParallelism()} × ${cpus()[0]?.model}; Node ${process.version}`;
  process.stderr.write(
    `${usage}\n${images} vectors of ${dimension}, ${labels} labels, top ${top}; ${machine}\n`,
  );
  const names = Array.from({ length: labels }, (_, i) => `标签${i}`);
  const labelSet = parseLabelSet(JSON.stringify({ name: 'bench', top, labels: names }), 'bench');
  const scorer = await openLabelScorer({
    labelSet,
    labels: randomMatrix(labels, dimension, 2),
    model: { dimension, logitScale: 100, logitBias: 0 },
  });
  const results = [];
  for (const name of values.on) {
    const place = await open[name as keyof typeof open]();
    await migrate(place.url);
    const database = openDatabase(place.url);
    try {
      const model = await fill(database, images, dimension);
      const version = await database.pool.query<{ v: string }>(
        `SELECT current_setting('server_version') AS v`,
      );
      results.push({
        on: `${name} ${version.rows[0]?.v}`,
        ...(await measure(database, model, scorer, images)),
      });
    } finally {
      await database.close();
      await place.close();
    }
  }
  await scorer.release();
  console.table(results);
  process.stdout.write(`${JSON.stringify({ machine, images, labels, dimension, top, results })}\n`);
}

const open = {
  async embedded() {
    const home = await mkdtemp(join(tmpdir(), 'tuhai-bench-'));
    const { databaseUrl, close } = await startEmbeddedPostgres({ home });
    return {
      url: databaseUrl,
      async close() {
        await close();
        await rm(home, { recursive: true, force: true });
      },
    };
  },
  /** DATABASE_URL names an empty database to fill; else one is started where PostgreSQL is installed. */
  async postgres() {
    const given = process.env['DATABASE_URL'];
    if (given) return { url: given, close: async () => undefined };
    const server = await startPostgres({ cache: serverCache });
    return { url: await server.createDatabase(), close: () => server.stop() };
  },
};

async function fill(database: Database, images: number, dimension: number): Promise<StoredModel> {
  const bundle = { fingerprint: `bench-${Date.now()}`, name: 'bench', family: 'clip' as const, dimension };
  const model = await registerModel(database, bundle);
  const { rows } = await database.pool.query<{ source: number; run: number }>(
    `WITH s AS (INSERT INTO sources (uri) VALUES ($1) RETURNING id)
     INSERT INTO runs (source_id, model_id) SELECT id, $2 FROM s RETURNING source_id AS source, id AS run`,
    [`bench:${bundle.fingerprint}`, model.id],
  );
  const { source, run } = rows[0] as { source: number; run: number };
  const typeOid = await vectorTypeOid(database);
  for (let start = 0; start < images; start += 2_000) {
    const count = Math.min(2_000, images - start);
    await database.pool.query(
      `WITH made AS (
         INSERT INTO images (source_id, key, etag, size_bytes)
         SELECT $1, lpad(($2::int + n)::text, 9, '0'), 'v1', 1 FROM generate_series(1, $3::int) n RETURNING id)
       INSERT INTO embeddings (model_id, image_id, run_id, etag, embedding)
       SELECT $4, m.id, $5, 'v1', v.embedding
       FROM (SELECT id, row_number() OVER () AS n FROM made) m
       JOIN unnest($6::vector[]) WITH ORDINALITY AS v (embedding, n) USING (n)`,
      [
        source,
        start,
        count,
        model.id,
        run,
        encodeVectors(randomMatrix(count, dimension, start + 3), dimension, typeOid),
      ],
    );
  }
  await database.pool.query('VACUUM ANALYZE');
  return model;
}

/** Images/s: vectors read; scored; read and written with predictions at hand; and all of it, as `tuhai label` does. */
async function measure(
  database: Database,
  model: StoredModel,
  scorer: LabelScorer,
  images: number,
): Promise<Record<'read' | 'scored' | 'written' | 'whole', number>> {
  const page = randomMatrix(1_000, model.dimension, 5);
  const ready = await scorer.score(page);
  const label = async (score: LabelScorer['score']): Promise<number> => {
    const labelSetId = await registerLabelSet(
      database,
      parseLabelSet(`name: bench ${performance.now()}\nlabels: [a]`, 'bench'),
    );
    return rate(images, () => labelStored(database, { model, labelSetId, score }));
  };
  const count = (matrix: Float32Array): number => matrix.length / model.dimension;
  const read = await label(async (matrix) => Array.from({ length: count(matrix) }, () => []));
  const scored = await rate(images, async () => {
    for (let done = 0; done < images; done += 1_000) await scorer.score(page);
  });
  const written = await label(async (matrix) => ready.slice(0, count(matrix)));
  await database.pool.query('TRUNCATE predictions');
  const whole = await label(scorer.score);
  return { read, scored, written, whole };
}

async function rate(images: number, work: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now();
  await work();
  return Math.round(images / ((performance.now() - startedMs) / 1000));
}
