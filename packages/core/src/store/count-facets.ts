import type { Database } from './database.js';
import { filterConditions, reviewStateOfImage, type ImageFilter, type ReviewState } from './image-filter.js';
import { partitionOf, type StoredModel } from './register-model.js';

/** How many images have each value, the most frequent first. */
export type Facet<T> = { value: T; count: number }[];

export interface Facets {
  total: number;
  /** Counted among `countMax` of the images only: there are more. */
  isPartial: boolean;
  /** Best labels under the filter's label set; empty without one. */
  labels: Facet<string>;
  sources: Facet<string>;
  runs: Facet<number>;
  reviewStates: Facet<ReviewState>;
}

/** Values a facet has at most. */
const valuesMax = 200;

/**
 * Counts of the images that a filter lets through, by best label, source, run and review state, in one pass over them.
 * @param options.countMax so many images are looked at, whatever the size of the collection
 */
export async function countFacets(
  database: Database,
  model: StoredModel,
  { filter, countMax }: { filter: ImageFilter; countMax: number },
): Promise<Facets> {
  const values: unknown[] = [];
  const conditions = filterConditions(model, filter, values);
  const labelSet = filter.labelSetId === undefined ? 'NULL' : `$${values.push(filter.labelSetId)}::int`;
  const { rows } = await database.pool.query<{
    facet: string;
    value: string | null;
    count: number;
  }>(
    `WITH matching AS MATERIALIZED (
       SELECT e.image_id, e.run_id, s.uri, ${reviewStateOfImage} AS review_state
       FROM ${partitionOf(model)} e JOIN images i ON i.id = e.image_id JOIN sources s ON s.id = i.source_id
       WHERE ${conditions.join(' AND ')} LIMIT $${values.push(countMax + 1)}
     ), counted AS (
       SELECT 'total' AS facet, NULL AS value, count(*) FROM matching
       UNION ALL SELECT 'sources', uri, count(*) FROM matching GROUP BY uri
       UNION ALL SELECT 'runs', run_id::text, count(*) FROM matching GROUP BY run_id
       UNION ALL SELECT 'reviewStates', review_state, count(*) FROM matching GROUP BY review_state
       UNION ALL SELECT 'labels', p.label, count(*)
         FROM matching JOIN predictions p USING (image_id)
         WHERE p.label_set_id = ${labelSet} AND p.model_id = ${model.id} AND p.rank = 1 GROUP BY p.label
     ), ranked AS (
       SELECT *, row_number() OVER (PARTITION BY facet ORDER BY count DESC, value) AS place FROM counted
     )
     SELECT facet, value, count FROM ranked WHERE place <= ${valuesMax} ORDER BY facet, place`,
    values,
  );
  const of = (facet: string): Facet<string> =>
    rows.filter((row) => row.facet === facet).map(({ value, count }) => ({ value: value as string, count }));
  const total = rows.find(({ facet }) => facet === 'total')?.count ?? 0;
  return {
    total: Math.min(total, countMax),
    isPartial: total > countMax,
    labels: of('labels'),
    sources: of('sources'),
    runs: of('runs').map(({ value, count }) => ({ value: Number(value), count })),
    reviewStates: of('reviewStates') as Facet<ReviewState>,
  };
}
