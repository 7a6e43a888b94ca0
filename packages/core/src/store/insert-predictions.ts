import type { Prediction } from '../labels/score-labels.js';
import { bigintArray, booleanArray, integerArray, realArray, textArray } from './binary-arrays.js';
import type { Queryable } from './database.js';

/**
 * Adds predictions of images that have none of this label set and model. Within a transaction that holds the locks of
 * these images: see `lockImages`.
 * @param rows.predictions one list an image, in the order of `imageIds`.
 */
export async function insertPredictions(
  client: Queryable,
  rows: { modelId: number; labelSetId: number; imageIds: number[]; predictions: Prediction[][] },
): Promise<void> {
  const flat = rows.predictions.flat();
  await client.query(
    `INSERT INTO predictions (model_id, label_set_id, image_id, rank, label, cosine, probability, margin, passed)
     SELECT $1, $2, image_id, rank, label, cosine, probability, nullif(margin, 'NaN'), passed
     FROM unnest($3::bigint[], $4::int[], $5::text[], $6::real[], $7::real[], $8::real[], $9::boolean[])
       AS p (image_id, rank, label, cosine, probability, margin, passed)`,
    [
      rows.modelId,
      rows.labelSetId,
      bigintArray(rows.predictions.flatMap((list, i) => list.map(() => rows.imageIds[i] as number))),
      integerArray(flat.map(({ rank }) => rank)),
      textArray(flat.map(({ label }) => label)),
      realArray(flat.map(({ cosine }) => cosine)),
      realArray(flat.map(({ probability }) => probability)),
      realArray(flat.map(({ margin }) => margin ?? NaN)),
      booleanArray(flat.map(({ passed }) => passed)),
    ],
  );
}
