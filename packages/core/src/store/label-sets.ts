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
