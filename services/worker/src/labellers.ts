import { embedLabels } from '@tuhai/core/labels/embed-labels';
import { scoreLabels, type Prediction } from '@tuhai/core/labels/score-labels';
import type { LabelSet } from '@tuhai/core/labels/label-set';
import type { Bundle } from '@tuhai/core/model/bundle';
import type { TextTower } from '@tuhai/core/model/text-tower';
import { remember } from '@tuhai/core/remember';
import type { Database } from '@tuhai/core/store/database';
import { getLabelMatrix, getLabelSet, putLabelMatrix } from '@tuhai/core/store/label-sets';

/** Scores embeddings, `[N, D]`, against one label set: one list of predictions an image. */
export type Labeller = (images: Float32Array) => Prediction[][];

/**
 * Labellers by label set, made when first asked for. The labels' embeddings are computed by the first
 * worker that needs them and kept in the database for the others.
 */
export function createLabellers(options: {
  database: Database;
  modelId: number;
  bundle: Bundle;
  loadText: () => Promise<TextTower>;
}): (labelSetId: number) => Promise<Labeller> {
  return remember(makeLabeller);

  async function makeLabeller(labelSetId: number): Promise<Labeller> {
    const labelSet = await getLabelSet(options.database, labelSetId);
    const labels = await labelMatrix(labelSetId, labelSet);
    const { bundle } = options;
    return (images) => scoreLabels({ images, labels, labelSet, ...bundle });
  }

  async function labelMatrix(labelSetId: number, labelSet: LabelSet): Promise<Float32Array> {
    const key = { labelSetId, modelId: options.modelId };
    const stored = await getLabelMatrix(options.database, key);
    if (stored) return stored;
    const text = await options.loadText();
    try {
      const matrix = await embedLabels(labelSet, text);
      await putLabelMatrix(options.database, key, matrix);
      return matrix;
    } finally {
      await text.release();
    }
  }
}
