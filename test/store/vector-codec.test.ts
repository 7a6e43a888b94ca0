import { decodeVector, encodeVectors } from '@tuhai/core/store/vector-codec';
import { vectorTypeOid } from '@tuhai/core/store/vector-type-oid';
import { onEachDatabase } from './on-each-database.js';
import { randomMatrix } from './random-matrix.js';

onEachDatabase('vectors go in and come out in binary, bit for bit', async (t, database) => {
  const [rows, dimension] = [50, 33];
  const matrix = randomMatrix(rows, dimension);
  matrix.set([0, -0, 1e-38, -3.4e38, 1e-45], 0);
  const encoded = encodeVectors(matrix, dimension, await vectorTypeOid(database));
  const sent = await database.pool.query<{ vector: Buffer }>(
    'SELECT vector_send(v) AS vector FROM unnest($1::vector[]) WITH ORDINALITY AS u (v, position) ORDER BY position',
    [encoded],
  );
  const back = new Float32Array(matrix.length);
  for (const [row, { vector }] of sent.rows.entries()) decodeVector(vector, back, row * dimension);
  const [came, meant] = [new Uint32Array(back.buffer), new Uint32Array(matrix.buffer)];
  t.is(
    came.findIndex((bits, i) => bits !== meant[i]),
    -1,
  );
});

onEachDatabase('what pgvector reads is what was meant, and no rows are no rows', async (t, database) => {
  const oid = await vectorTypeOid(database);
  const texts = async (matrix: number[], dimension: number) => {
    const { rows } = await database.pool.query<{ text: string }>(
      'SELECT vector::text AS text FROM unnest($1::vector[]) AS vector',
      [encodeVectors(Float32Array.from(matrix), dimension, oid)],
    );
    return rows.map(({ text }) => text);
  };
  t.deepEqual(await texts([1, -0.5, 3, 0.25], 2), ['[1,-0.5]', '[3,0.25]']);
  t.deepEqual(await texts([], 2), []);
});
