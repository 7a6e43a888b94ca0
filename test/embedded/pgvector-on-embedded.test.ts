import test from 'ava';
import { Pool } from 'pg';
import { encodeVectors, vectorText } from '@tuhai/core/store/vector-codec';
import { embeddedHome } from './embedded-home.js';

const dimension = 64;
const count = 2_000;

test('binary bulk insert, HNSW index and filtered search beside other clients', async (t) => {
  const { databaseUrl } = await embeddedHome(t);
  const pool = new Pool({ connectionString: databaseUrl, max: 4 });
  t.teardown(() => pool.end());
  const { rows: types } = await pool.query(`select 'vector'::regtype::oid as oid`);
  await pool.query(`create table vectors (id int, even boolean, embedding vector(${dimension}))`);
  const matrix = Float32Array.from({ length: count * dimension }, (_, index) =>
    Math.sin(index * index * 0.7),
  );
  const chunk = 500;
  const inserts = Array.from({ length: count / chunk }, async (_, part) => {
    const from = part * chunk;
    const ids = Array.from({ length: chunk }, (_one, index) => from + index);
    const vectors = matrix.subarray(from * dimension, (from + chunk) * dimension);
    return pool.query(
      'insert into vectors select id, id % 2 = 0, v from unnest($1::int[], $2::vector[]) as rows (id, v)',
      [ids, encodeVectors(vectors, dimension, types[0].oid)],
    );
  });
  t.is(
    (await Promise.all(inserts)).reduce((sum, { rowCount }) => sum + (rowCount ?? 0), 0),
    count,
  );
  await pool.query('create index on vectors using hnsw (embedding vector_cosine_ops)');
  const search = `select id from vectors where even order by embedding <=> $1::vector limit 5`;
  const client = await pool.connect();
  await client.query('begin; set local hnsw.iterative_scan = strict_order; set local enable_seqscan = off');
  let found = 0;
  for (let id = 0; id < 200; id += 2) {
    const row = matrix.subarray(id * dimension, (id + 1) * dimension);
    const { rows } = await client.query(search, [vectorText(row)]);
    t.is(rows.length, 5);
    t.true(rows.every((hit) => hit.id % 2 === 0));
    if (rows[0].id === id) found++;
  }
  const { rows: plan } = await client.query(`explain ${search}`, [vectorText(matrix.subarray(0, dimension))]);
  t.regex(JSON.stringify(plan), /Index Scan using vectors_embedding_idx/);
  await client.query('commit');
  client.release();
  t.true(found >= 98, `${found} of 100 found themselves first`);
  await t.throwsAsync(pool.query(`insert into vectors values (1, true, '[1,2]')`), {
    message: /expected 64 dimensions/,
  });
});
