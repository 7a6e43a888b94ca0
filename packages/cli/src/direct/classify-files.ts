import type { ItemFailure } from '@tuhai/core/item-failure';
import { embedLabels } from '@tuhai/core/labels/embed-labels';
import type { LabelSet } from '@tuhai/core/labels/label-set';
import { openLabelScorer, type Prediction } from '@tuhai/core/labels/score-labels';
import { answersOf } from '@tuhai/core/labels/thresholds';
import { embedFiles, type EmbedFilesOptions } from './embed-files.js';
import type { OpenModel } from './open-model.js';

/** What a label set says of one file, or why it says nothing. */
export type FileClassification =
  | {
      key: string;
      /** The labels that fit, or that none does: see `answersOf`. */
      answers: string[];
      /** The best labels, at most `labelSet.top`. */
      predictions: Prediction[];
    }
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
  const scorer = await openLabelScorer({ labelSet, labels, model: model.bundle });
  try {
    for await (const file of embedFiles(model, paths, options)) {
      if ('failure' in file) {
        yield file;
        continue;
      }
      const [predictions = []] = await scorer.score(file.embedding);
      yield { key: file.key, answers: answersOf(labelSet, predictions), predictions };
    }
  } finally {
    await scorer.release();
  }
}
