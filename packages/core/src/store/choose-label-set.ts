import type { LabelSet } from '../labels/label-set.js';
import { UsageError } from '../usage-error.js';
import type { Database } from './database.js';

/**
 * The newest version of a label set that was applied with a model; without a name, of the only one there is.
 * Undefined when none was applied and none is named.
 * @throws {UsageError} when the named one was not applied, or several were and none is named
 */
export async function chooseLabelSet(
  database: Database,
  wanted: { modelId: number; name?: string | undefined },
): Promise<{ id: number; labelSet: LabelSet } | undefined> {
  const { rows } = await database.pool.query<{ id: number; labelSet: LabelSet }>(
    `SELECT DISTINCT ON (name) id, definition AS "labelSet" FROM label_sets s
     WHERE ($2::text IS NULL OR name = $2)
       AND EXISTS (SELECT FROM predictions p WHERE p.label_set_id = s.id AND p.model_id = $1)
     ORDER BY name, id DESC`,
    [wanted.modelId, wanted.name ?? null],
  );
  if (wanted.name !== undefined && rows.length === 0)
    throw new UsageError(`No label set "${wanted.name}" has been applied with this model`);
  if (rows.length > 1) {
    const names = rows.map(({ labelSet }) => labelSet.name).join(', ');
    throw new UsageError(`There are several label sets: ${names}; name the one to use`);
  }
  return rows[0];
}
