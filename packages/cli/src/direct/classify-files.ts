import type { ItemFailure } from '@tuhai/core/item-failure';
import { embedLabels } from '@tuhai/core/labels/embed-labels';
import type { LabelSet } from '@tuhai/core/labels/label-set';
import { scoreLabels, type Prediction } from '@tuhai/core/labels/score-labels';
import { embedFiles, type EmbedFilesOptions } from './embed-files.js';
import type { OpenModel } from './open-model.js';

/** The best labels of one file, at most `labelSet.top`, or why there are none. */
export type FileClassification =
  | { key: string; predictions: Prediction[] }
  | { key: string; failure: ItemFailure };

/**
 * Scores a label set on image files, one result each in their order.
 * @throws {UsageError} when a tower cannot be loaded
 */
export async function* classifyFiles(
  model: OpenModel,
  paths: readonly string[],
  labelSet: LabelSet,
  options: EmbedFilesOptions,
): AsyncGenerator<FileClassification> {
  const labels = await embedLabels(labelSet, await model.textTower());
  const { dimension, logitScale, logitBias, scoring } = model.bundle;
  for await (const file of embedFiles(model, paths, options)) {
    if ('failure' in file) {
      yield file;
      continue;
    }
    const [predictions = []] = scoreLabels({
      images: file.embedding,
      labels,
      dimension,
      labelSet,
      logitScale,
      logitBias,
      scoring,
    });
    yield { key: file.key, predictions };
  }
}
