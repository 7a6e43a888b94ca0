import type { Database } from './database.js';

/** The best label of every image that a label set was applied to, in key order. */
export async function topLabels(
  database: Database,
  of: { modelId: number; labelSetId: number },
): Promise<{ key: string; label: string; cosine: number; probability: number }[]> {
  const { rows } = await database.pool.query<{
    key: string;
    label: string;
    cosine: number;
    probability: number;
  }>(
    `SELECT i.key, p.label, p.cosine, p.probability
     FROM predictions p JOIN images i ON i.id = p.image_id
     WHERE p.model_id = $1 AND p.label_set_id = $2 AND p.rank = 1 AND i.retired_at IS NULL ORDER BY i.key`,
    [of.modelId, of.labelSetId],
  );
  return rows;
}
