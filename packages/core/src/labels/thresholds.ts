import type { LabelSet, Threshold } from './label-set.js';
import type { Prediction } from './score-labels.js';

/** No threshold is passed by everything. */
export const passes = (
  { cosine, probability }: Pick<Prediction, 'cosine' | 'probability'>,
  threshold: Threshold | undefined,
): boolean => probability >= (threshold?.probability ?? 0) && cosine >= (threshold?.cosine ?? -1);

/**
 * What the label set says of an image: `single`, its best label if that passes; else every label that passes; where none
 * does, "none of these" if the set has it.
 */
export function answersOf(
  { mode, none }: Pick<LabelSet, 'mode' | 'none'>,
  predictions: readonly Prediction[],
): string[] {
  const candidates = mode === 'single' ? predictions.slice(0, 1) : predictions;
  const answers = candidates.filter(({ passed }) => passed).map(({ label }) => label);
  return answers.length === 0 && none ? [none.name] : answers;
}
