import type { Prediction } from '../labels/score-labels.js';
import type { Queryable } from './database.js';

/** @param rows.predictions one list an image, in the order of `imageIds`. */
export async function insertPredictions(
  client: Queryable,
  rows: { modelId: number; labelSetId: number; imageIds: number[]; predictions: Prediction[][] },
): Promise<void> {
  const flat = rows.predictions.flatMap((list, i) => list.map((p) => ({ ...p, imageId: rows.imageIds[i] })));
  await client.query(
    `INSERT INTO predictions (model_id, label_set_id, image_id, rank, label, cosine, probability)
     SELECT $1, $2, * FROM unnest($3::bigint[], $4::int[], $5::text[], $6::real[], $7::real[])
     ON CONFLICT (image_id, label_set_id, model_id, rank) DO UPDATE
       SET label = excluded.label, cosine = excluded.cosine, probability = excluded.probability`,
    [
      rows.modelId,
      rows.labelSetId,
      flat.map(({ imageId }) => imageId),
      flat.map(({ rank }) => rank),
      flat.map(({ label }) => label),
      flat.map(({ cosine }) => cosine),
      flat.map(({ probability }) => probability),
    ],
  );
}
