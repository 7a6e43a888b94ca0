import type { LabelSet } from '../labels/label-set.js';
import type { Prediction } from '../labels/score-labels.js';

/** From which a label without a threshold of its own is taken to fit, in mode `multi`. */
const thresholdDefault = 0.5;

/** What an image is said to be, in rank order: its best label above its threshold, or in mode `multi` all of those. */
export function chosenLabels(
  predictions: readonly Prediction[],
  labelSet: LabelSet | undefined,
): Prediction[] {
  if (!labelSet) return [];
  const isMulti = labelSet.mode === 'multi';
  const thresholds = new Map(labelSet.labels.map(({ name, threshold }) => [name, threshold]));
  const fits = ({ label, probability }: Prediction) =>
    probability >= (thresholds.get(label) ?? (isMulti ? thresholdDefault : 0));
  return (isMulti ? predictions : predictions.slice(0, 1)).filter(fits);
}
