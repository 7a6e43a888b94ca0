import type { Prediction } from '../labels/score-labels.js';
import { UsageError } from '../usage-error.js';
import type { Database } from './database.js';
import { filterConditions, type ImageFilter } from './image-filter.js';
import { partitionOf, type StoredModel } from './register-model.js';

export interface ListedImage {
  id: number;
  source: string;
  key: string;
  width: number | null;
  height: number | null;
  format: string | null;
  embeddedAt: Date;
  /** The prediction asked for: the filter's label, or else the best label of its label set. */
  prediction: Prediction | null;
}

/** Where a page ends: of an order by probability, the probability stands before the id. */
export type ListPosition = { id: number; probability?: number };

/**
 * Images of one model, the newest first, or those of a label with the greatest probability first.
 * @throws {UsageError} for an order by probability without a label set and a label
 */
export async function listImages(
  database: Database,
  model: StoredModel,
  options: { filter: ImageFilter; sort: 'newest' | 'probability'; limit: number; after?: ListPosition },
): Promise<ListedImage[]> {
  const { filter, sort, after } = options;
  if (sort === 'probability' && (filter.label === undefined || filter.labelSetId === undefined)) {
    throw new UsageError('An order by probability goes with a label set and a label');
  }
  const values: unknown[] = [];
  const value = (v: unknown) => `$${values.push(v)}`;
  const conditions = filterConditions(model, filter, values);
  const isByProbability = sort === 'probability';
  if (after) {
    conditions.push(
      isByProbability
        ? `(q.probability, i.id) < (${value(after.probability)}::real, ${value(after.id)}::bigint)`
        : `i.id < ${value(after.id)}`,
    );
  }
  const { rows } = await database.pool.query<ListedImage>(
    `SELECT i.id, s.uri AS source, i.key, i.width, i.height, i.format, e.embedded_at AS "embeddedAt",
            CASE WHEN q.label IS NOT NULL THEN json_build_object(
              'label', q.label, 'cosine', q.cosine, 'probability', q.probability, 'rank', q.rank,
              'margin', q.margin, 'passed', q.passed) END AS prediction
     FROM ${partitionOf(model)} e JOIN images i ON i.id = e.image_id JOIN sources s ON s.id = i.source_id
     ${isByProbability ? '' : 'LEFT'} JOIN predictions q ON q.image_id = e.image_id AND q.model_id = ${model.id}
       AND ${predictionShown(filter, value)}
     WHERE ${conditions.join(' AND ')}
     ORDER BY ${isByProbability ? 'q.probability DESC, i.id DESC' : 'i.id DESC'} LIMIT ${value(options.limit)}`,
    values,
  );
  return rows;
}

/** At most one an image: a label is in a label set once. */
function predictionShown({ labelSetId, label }: ImageFilter, value: (v: unknown) => string): string {
  if (labelSetId === undefined) return 'false';
  const ofSet = `q.label_set_id = ${value(labelSetId)}`;
  return label === undefined ? `${ofSet} AND q.rank = 1` : `${ofSet} AND q.label = ${value(label)}`;
}
