import type { LabelSet } from '../labels/label-set.js';
import type { Prediction } from '../labels/score-labels.js';

/** From which a label without any threshold is taken to fit, where labels stand on their own. */
const probabilityDefault = 0.5;

/** What an image is said to be, in rank order: its best label if it passed, or in modes other than `single` all that did. */
export function chosenLabels(
  predictions: readonly Prediction[],
  labelSet: LabelSet | undefined,
): Prediction[] {
  if (!labelSet) return [];
  if (labelSet.mode === 'single') return predictions.slice(0, 1).filter(({ passed }) => passed);
  const bare = new Set(
    labelSet.labels.filter((label) => !(label.threshold ?? labelSet.threshold)).map(({ name }) => name),
  );
  return predictions.filter(
    ({ label, probability, passed }) => passed && (!bare.has(label) || probability >= probabilityDefault),
  );
}
