import type { LabelSet } from '../labels/label-set.js';
import { UsageError } from '../usage-error.js';
import type { Database } from './database.js';

/** The id of this version of the label set, stored when it is new. */
export async function registerLabelSet(database: Database, labelSet: LabelSet): Promise<number> {
  await database.pool.query(
    `INSERT INTO label_sets (name, version, mode, definition) VALUES ($1, $2, $3, $4)
     ON CONFLICT (name, version) DO NOTHING`,
    [labelSet.name, labelSet.version, labelSet.mode, JSON.stringify(labelSet)],
  );
  const { rows } = await database.pool.query<{ id: number }>(
    'SELECT id FROM label_sets WHERE name = $1 AND version = $2',
    [labelSet.name, labelSet.version],
  );
  return (rows[0] as { id: number }).id;
}

export async function getLabelSet(database: Database, id: number): Promise<LabelSet> {
  const { rows } = await database.pool.query<{ definition: LabelSet }>(
    'SELECT definition FROM label_sets WHERE id = $1',
    [id],
  );
  if (!rows[0]) throw new UsageError(`There is no label set ${id}`);
  return rows[0].definition;
}

/** `[L, D]` in the order of the label set's labels; undefined until some worker has computed it. */
export async function getLabelMatrix(
  database: Database,
  key: { labelSetId: number; modelId: number },
): Promise<Float32Array | undefined> {
  const { rows } = await database.pool.query<{ matrix: Buffer }>(
    'SELECT matrix FROM label_embeddings WHERE label_set_id = $1 AND model_id = $2',
    [key.labelSetId, key.modelId],
  );
  // Copied: a Buffer's memory need not begin at a multiple of four.
  return rows[0] && new Float32Array(new Uint8Array(rows[0].matrix).buffer);
}

export async function putLabelMatrix(
  database: Database,
  key: { labelSetId: number; modelId: number },
  matrix: Float32Array,
): Promise<void> {
  await database.pool.query(
    `INSERT INTO label_embeddings (label_set_id, model_id, matrix) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`,
    [key.labelSetId, key.modelId, Buffer.from(matrix.buffer, matrix.byteOffset, matrix.byteLength)],
  );
}
