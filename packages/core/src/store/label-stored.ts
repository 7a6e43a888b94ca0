import type { Prediction } from '../labels/score-labels.js';
import { insertPredictions } from './insert-predictions.js';
import type { Database } from './database.js';
import { partitionOf, type StoredModel } from './register-model.js';
import { decodeVector } from './vector-codec.js';

/**
 * Scores the next stored vectors that a label set has not been applied to, and writes the predictions in the
 * same transaction, so that a vector replaced meanwhile never keeps the predictions of the one before.
 * @param options.score `[N, D]` to one list of predictions an image.
 * @returns the last image id looked at, to go on after; undefined at the end.
 */
export async function labelStoredPage(
  database: Database,
  options: {
    model: StoredModel;
    labelSetId: number;
    /** Absent: images of every source. */
    sourceUri?: string;
    afterImageId: number;
    limit: number;
    score: (matrix: Float32Array) => Prediction[][];
  },
): Promise<{ lastImageId: number; images: number } | undefined> {
  const { model, labelSetId } = options;
  return database.transaction(async (client) => {
    const { rows } = await client.query<{ imageId: number; embedding: Buffer }>(
      `SELECT e.image_id AS "imageId", vector_send(e.embedding) AS embedding
         FROM ${partitionOf(model)} e JOIN images i ON i.id = e.image_id JOIN sources s ON s.id = i.source_id
         WHERE e.image_id > $1 AND i.retired_at IS NULL AND ($2::text IS NULL OR s.uri = $2) AND NOT EXISTS (
           SELECT FROM predictions p WHERE p.image_id = e.image_id AND p.label_set_id = $3 AND p.model_id = $4)
         ORDER BY e.image_id LIMIT $5 FOR SHARE OF e`,
      [options.afterImageId, options.sourceUri ?? null, labelSetId, model.id, options.limit],
    );
    if (rows.length === 0) return undefined;
    const imageIds = rows.map(({ imageId }) => imageId);
    const matrix = new Float32Array(rows.length * model.dimension);
    for (const [row, { embedding }] of rows.entries()) decodeVector(embedding, matrix, row * model.dimension);
    await insertPredictions(client, {
      modelId: model.id,
      labelSetId,
      imageIds,
      predictions: options.score(matrix),
    });
    return { lastImageId: imageIds.at(-1) as number, images: rows.length };
  });
}
