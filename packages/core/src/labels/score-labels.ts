import type { LabelSet } from './label-set.js';

export interface Prediction {
  label: string;
  cosine: number;
  probability: number;
  /** 1 is the best. */
  rank: number;
}

export interface ScoreInput {
  /** float32 [N, D], rows of length 1. */
  images: Float32Array;
  /** float32 [L, D], rows of length 1, in the order of the label set. */
  labels: Float32Array;
  dimension: number;
  labelSet: Pick<LabelSet, 'mode' | 'labels' | 'top'>;
  logitScale: number;
  logitBias: number;
  /** How the model was trained to read its logits. Default softmax. */
  scoring?: 'softmax' | 'sigmoid';
}

/**
 * The best labels of each image.
 *
 * `single`: softmax over cosine × scale + bias of all labels, as Hugging Face does over `logits_per_image`.
 * `multi`: sigmoid(cosine × scale + bias) for a model trained that way (SigLIP). A softmax-trained model (CLIP) has no
 * probability of one label alone: there it is that of the label against the average of the others, sigmoid(scale ×
 * (cosine − mean cosine of the other labels)), so it says whether the label stands out of its set; with one label only,
 * sigmoid(scale × cosine) is all there is.
 *
 * @returns N lists of at most `top`, best first; equal cosines in the order of the set
 */
export function scoreLabels(input: ScoreInput): Prediction[][] {
  const { images, dimension } = input;
  return Array.from({ length: images.length / dimension }, (_, i) =>
    scoreImage(images.subarray(i * dimension, (i + 1) * dimension), input),
  );
}

function scoreImage(image: Float32Array, input: ScoreInput): Prediction[] {
  const { labelSet } = input;
  const cosines = cosinesOf(image, input.labels, input.dimension);
  const probabilities = labelSet.mode === 'single' ? softmax(cosines, input) : independently(cosines, input);
  const order = labelSet.labels.map((_, i) => i);
  order.sort((a, b) => (cosines[b] as number) - (cosines[a] as number));
  return order.slice(0, labelSet.top).map((i, position) => ({
    label: labelSet.labels[i]?.name as string,
    cosine: cosines[i] as number,
    probability: probabilities[i] as number,
    rank: position + 1,
  }));
}

function cosinesOf(image: Float32Array, labels: Float32Array, dimension: number): Float64Array {
  return Float64Array.from({ length: labels.length / dimension }, (_, label) => {
    let sum = 0;
    for (let i = 0, at = label * dimension; i < dimension; i++, at++)
      sum += (image[i] as number) * (labels[at] as number);
    return sum;
  });
}

type Scale = Pick<ScoreInput, 'logitScale' | 'logitBias' | 'scoring'>;

function softmax(cosines: Float64Array, { logitScale }: Scale): Float64Array {
  const best = cosines.reduce((a, b) => Math.max(a, b), -Infinity);
  const weights = cosines.map((cosine) => Math.exp((cosine - best) * logitScale));
  const sum = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight) => weight / sum);
}

function independently(cosines: Float64Array, { logitScale, logitBias, scoring }: Scale): Float64Array {
  if (scoring === 'sigmoid') return cosines.map((cosine) => sigmoid(cosine * logitScale + logitBias));
  const sum = cosines.reduce((a, b) => a + b, 0);
  const others = cosines.length - 1;
  return cosines.map((cosine) =>
    sigmoid(logitScale * (others > 0 ? cosine - (sum - cosine) / others : cosine)),
  );
}

const sigmoid = (logit: number): number => 1 / (1 + Math.exp(-logit));
