import { createHash } from 'node:crypto';
import { calibrationError, fitTemperature, type LogitCase } from './calibration.js';
import type { LabelSet } from './label-set.js';
import { pointAt, pointFor, precisionRecallCurve, type Judged, type Target } from './precision-recall.js';
import { openLabelScorer, type LabelScorerOptions, type Prediction } from './score-labels.js';

/** An image that somebody has looked at. */
export interface Reviewed {
  key: string;
  /** The labels it bears; none of the set, perhaps. */
  labels: string[];
}

export interface TunedLabel {
  label: string;
  /** Of the probability; null where no threshold reaches the target, or no image to choose by bears the label. */
  threshold: number | null;
  /** Among the images held out. */
  precision?: number;
  recall?: number;
  positives: number;
}

export interface Tuned {
  /** Images by which temperature and thresholds are chosen, and those held out, by which they are judged. */
  chosenBy: number;
  heldOut: number;
  temperature: number;
  /** Expected calibration error among the images held out. */
  calibrationError: { before: number; after: number };
  labels: TunedLabel[];
}

const digits = 4;

/**
 * Temperature and thresholds for a label set from images that people have looked at. Half of them, told apart by a hash
 * of their keys, are held out.
 * @param options.images float32 [N, D], in the order of `reviewed`
 */
export async function tuneLabelSet(
  reviewed: readonly Reviewed[],
  options: Pick<LabelScorerOptions, 'labels' | 'model'> & {
    labelSet: LabelSet;
    images: Float32Array;
    target: Target;
  },
): Promise<Tuned> {
  const { labelSet, target } = options;
  const isHeldOut = reviewed.map(({ key }) => heldOut(key));
  const split = <T>(items: readonly T[]): [chosenBy: T[], heldOut: T[]] => [
    items.filter((_, i) => !isHeldOut[i]),
    items.filter((_, i) => isHeldOut[i]),
  ];
  const { temperature: before = 1, ...rest } = labelSet;
  const plain = await scoreAll(options, { ...rest, temperature: 1 });
  const cases = split(plain.map((predictions, i) => casesOf(predictions, reviewed[i] as Reviewed, options)));
  const [fitting, judging] = cases.map((some) => some.flat()) as [LogitCase[], LogitCase[]];
  const temperature = fitting.length > 0 ? round(fitTemperature(fitting)) : before;
  const scored = split(
    (await scoreAll(options, { ...rest, temperature })).map((predictions, i) => ({
      labels: (reviewed[i] as Reviewed).labels,
      probabilities: new Map(predictions.map(({ label, probability }) => [label, probability])),
    })),
  );
  const labels = labelSet.labels.map(({ name }): TunedLabel => {
    const [choosing, held] = scored.map((images) =>
      images.map((image): Judged => ({
        score: image.probabilities.get(name) as number,
        isPositive: image.labels.includes(name),
      })),
    ) as [Judged[], Judged[]];
    const point = pointFor(precisionRecallCurve(choosing), target);
    // Rounded down: the image that the threshold was taken from has to pass it.
    const threshold = point ? Math.floor(point.threshold * 10 ** digits) / 10 ** digits : null;
    return { label: name, threshold, ...pointAt(held, threshold ?? Infinity) };
  });
  const error = (t: number): number => (judging.length > 0 ? calibrationError(judging, t) : 0);
  return {
    chosenBy: isHeldOut.filter((held) => !held).length,
    heldOut: isHeldOut.filter(Boolean).length,
    temperature,
    calibrationError: { before: error(before), after: error(temperature) },
    labels,
  };
}

/** The same images on every machine and in every run. */
const heldOut = (key: string): boolean => (createHash('sha256').update(key).digest()[0] as number) % 2 === 1;

const round = (value: number): number => Number(value.toPrecision(digits));

async function scoreAll(
  { images, labels, model }: { images: Float32Array } & Pick<LabelScorerOptions, 'labels' | 'model'>,
  labelSet: LabelSet,
): Promise<Prediction[][]> {
  const scorer = await openLabelScorer({
    labelSet: { ...labelSet, top: labelSet.labels.length + 1 },
    labels,
    model,
  });
  try {
    return await scorer.score(images);
  } finally {
    await scorer.release();
  }
}

/** `single`: one case of all labels, if one of them is true; else one case a label, of two answers. */
function casesOf(
  predictions: readonly Prediction[],
  { labels }: Reviewed,
  { labelSet, model }: { labelSet: LabelSet } & Pick<LabelScorerOptions, 'model'>,
): LogitCase[] {
  if (labelSet.mode === 'single') {
    const wanted = labels.length > 0 ? labels : labelSet.none ? [labelSet.none.name] : [];
    const truth = predictions.findIndex(({ label }) => wanted.includes(label));
    if (truth < 0) return [];
    return [{ logits: Float64Array.from(predictions, ({ cosine }) => cosine * model.logitScale), truth }];
  }
  return predictions.map(({ label, probability }) => ({
    logits: Float64Array.of(logit(probability), 0),
    truth: labels.includes(label) ? 0 : 1,
  }));
}

/** Of a probability that float64 may have rounded to 0 or 1. */
function logit(probability: number): number {
  const inside = Math.min(1 - 1e-12, Math.max(1e-12, probability));
  return Math.log(inside / (1 - inside));
}
