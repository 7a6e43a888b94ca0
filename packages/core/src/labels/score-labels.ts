import { cosinesTo } from '../model/cosines.js';
import type { LabelSet } from './label-set.js';
import { probabilitiesOf, type ProbabilityOptions } from './probabilities.js';

export interface Prediction {
  label: string;
  cosine: number;
  probability: number;
  /** 1 is the best. */
  rank: number;
}

export interface ScoreInput extends Omit<ProbabilityOptions, 'mode'> {
  /** float32 [N, D], rows of length 1. */
  images: Float32Array;
  /** float32 [L, D], rows of length 1, in the order of the label set. */
  labels: Float32Array;
  dimension: number;
  labelSet: Pick<LabelSet, 'mode' | 'labels' | 'top'>;
}

/**
 * The best labels of each image, with probabilities over the whole set (see `probabilitiesOf`).
 * @returns N lists of at most `top`, best first; equal cosines in the order of the set
 */
export function scoreLabels(input: ScoreInput): Prediction[][] {
  const { images, dimension } = input;
  return Array.from({ length: images.length / dimension }, (_, i) =>
    scoreImage(images.subarray(i * dimension, (i + 1) * dimension), input),
  );
}

function scoreImage(image: Float32Array, { labels, labelSet, ...options }: ScoreInput): Prediction[] {
  const cosines = cosinesTo(image, labels);
  const probabilities = probabilitiesOf(cosines, { ...options, mode: labelSet.mode });
  const order = labelSet.labels.map((_, i) => i);
  order.sort((a, b) => (cosines[b] as number) - (cosines[a] as number));
  return order.slice(0, labelSet.top).map((i, position) => ({
    label: labelSet.labels[i]?.name as string,
    cosine: cosines[i] as number,
    probability: probabilities[i] as number,
    rank: position + 1,
  }));
}
