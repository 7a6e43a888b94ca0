import type { Bundle } from '../model/bundle.js';
import type { Database } from './database.js';

/** Of float32 components, in a page of 8 KB that also holds the rest of the row. */
const inRowDimensionMax = 1_900;

export interface StoredModel {
  id: number;
  fingerprint: string;
  name: string;
  dimension: number;
}

/**
 * The model's row, made when the model is first used, with a partition of `embeddings` for its vectors alone.
 */
export async function registerModel(
  database: Database,
  bundle: Pick<Bundle, 'fingerprint' | 'name' | 'family' | 'dimension'>,
): Promise<StoredModel> {
  const known = await findModel(database, bundle.fingerprint);
  if (known) return known;
  return database.transaction(async (client) => {
    // The locks that a new partition and its foreign keys need, in the order in which workers and producers write
    // these tables: taken one by one later, they meet a commit half-way and deadlock with it. They also serialise
    // two runs that meet a new model at the same time.
    await client.query('LOCK TABLE runs, images, models IN SHARE ROW EXCLUSIVE MODE');
    // Without ONLY the other models' partitions are locked as well, one of which may be having its index built.
    await client.query('LOCK TABLE ONLY embeddings IN ACCESS EXCLUSIVE MODE');
    const { rows } = await client.query<StoredModel>(
      `INSERT INTO models (fingerprint, name, family, dimension) VALUES ($1, $2, $3, $4)
       ON CONFLICT (fingerprint) DO UPDATE SET name = excluded.name
       RETURNING id, fingerprint, name, dimension`,
      [bundle.fingerprint, bundle.name, bundle.family, bundle.dimension],
    );
    const model = rows[0] as StoredModel;
    await client.query(
      `CREATE TABLE IF NOT EXISTS ${partitionOf(model)} PARTITION OF embeddings
       (CHECK (vector_dims(embedding) = ${model.dimension})) FOR VALUES IN (${model.id})`,
    );
    // Kept in the row itself while a row fits a page: an exact scan is three times as fast without TOAST.
    const storage = model.dimension <= inRowDimensionMax ? 'PLAIN' : 'EXTERNAL';
    await client.query(`ALTER TABLE ${partitionOf(model)} ALTER COLUMN embedding SET STORAGE ${storage}`);
    return model;
  });
}

export async function findModel(database: Database, fingerprint: string): Promise<StoredModel | undefined> {
  const { rows } = await database.pool.query<StoredModel>(
    'SELECT id, fingerprint, name, dimension FROM models WHERE fingerprint = $1',
    [fingerprint],
  );
  return rows[0];
}

/** The table that holds this model's embeddings and nothing else. */
export const partitionOf = (model: Pick<StoredModel, 'id'>): string => `embeddings_model_${model.id}`;
