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
  if (rows.imageIds.length !== rows.predictions.length)
    throw new RangeError(
      `${rows.predictions.length} lists of predictions for ${rows.imageIds.length} images`,
    );
  const flat: Prediction[] = [];
  const imageIds: number[] = [];
  for (const [i, predictions] of rows.predictions.entries()) {
    for (const prediction of predictions) {
      flat.push(prediction);
      imageIds.push(rows.imageIds[i] as number);
    }
  }
  await client.query(
    `INSERT INTO predictions (model_id, label_set_id, image_id, rank, label, cosine, probability, margin, passed)
     SELECT $1, $2, image_id, rank, label, cosine, probability, nullif(margin, 'NaN'), passed
     FROM (SELECT unnest($3::bigint[]) AS image_id, unnest($4::int[]) AS rank, unnest($5::text[]) AS label,
             unnest($6::real[]) AS cosine, unnest($7::real[]) AS probability, unnest($8::real[]) AS margin,
             unnest($9::boolean[]) AS passed) p`,
    [
      rows.modelId,
      rows.labelSetId,
      bigintArray(imageIds),
      integerArray(flat.map(({ rank }) => rank)),
      textArray(flat.map(({ label }) => label)),
      realArray(flat.map(({ cosine }) => cosine)),
      realArray(flat.map(({ probability }) => probability)),
      realArray(flat.map(({ margin }) => margin ?? NaN)),
      booleanArray(flat.map(({ passed }) => passed)),
    ],
  );
}
