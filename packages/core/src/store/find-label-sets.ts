import type { LabelSet } from '../labels/label-set.js';
import type { Database } from './database.js';

export interface StoredLabelSet {
  id: number;
  createdAt: Date;
  definition: LabelSet;
}

/** `name` or `name@version`, where a version is 12 hex digits; any other `@` belongs to the name. */
export function parseLabelSetName(reference: string): { name: string; version?: string } {
  const [, name, version] = /^(.+)@([0-9a-f]{12})$/su.exec(reference) ?? [];
  return name && version ? { name, version } : { name: reference };
}

/** This version of a label set, or else the newest. */
export async function findLabelSet(
  database: Database,
  { name, version }: { name: string; version?: string },
): Promise<StoredLabelSet | undefined> {
  const { rows } = await database.pool.query<StoredLabelSet>(
    `SELECT id, created_at AS "createdAt", definition FROM label_sets
     WHERE name = $1 AND ($2::text IS NULL OR version = $2) ORDER BY id DESC LIMIT 1`,
    [name, version ?? null],
  );
  return rows[0];
}

/** As `findLabelSet`, among those that a model's images have predictions of. */
export async function findAppliedLabelSet(
  database: Database,
  { name, version, modelId }: { name: string; version?: string; modelId: number },
): Promise<number | undefined> {
  const { rows } = await database.pool.query<{ id: number }>(
    `SELECT id FROM label_sets l
     WHERE name = $1 AND ($2::text IS NULL OR version = $2)
       AND EXISTS (SELECT FROM predictions p WHERE p.label_set_id = l.id AND p.model_id = $3)
     ORDER BY id DESC LIMIT 1`,
    [name, version ?? null, modelId],
  );
  return rows[0]?.id;
}

export interface ListedLabelSet {
  id: number;
  name: string;
  version: string;
  mode: string;
  language: string | null;
  labels: number;
  createdAt: Date;
  /** Whether images of the model have predictions of it. */
  isApplied: boolean;
}

/** Every version of every label set, the newest first. */
export async function listLabelSets(
  database: Database,
  options: { modelId: number; limit: number; beforeId?: number },
): Promise<ListedLabelSet[]> {
  const { rows } = await database.pool.query<ListedLabelSet>(
    `SELECT id, name, version, mode, definition->>'language' AS language,
            jsonb_array_length(definition->'labels') AS labels, created_at AS "createdAt",
            EXISTS (SELECT FROM predictions p WHERE p.label_set_id = l.id AND p.model_id = $1) AS "isApplied"
     FROM label_sets l WHERE $3::int IS NULL OR id < $3 ORDER BY id DESC LIMIT $2`,
    [options.modelId, options.limit, options.beforeId ?? null],
  );
  return rows;
}
