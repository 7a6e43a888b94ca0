import type { LabelMode } from './check-label-set.js';

/** How a model was trained to read its logits. */
export interface ModelLogits {
  logitScale: number;
  logitBias: number;
  /** Default softmax. */
  scoring?: 'softmax' | 'sigmoid';
}

export interface ProbabilityOptions extends ModelLogits {
  /** `single`: one of the labels fits. `multi`: each fits or not, on its own. */
  mode: 'single' | 'multi';
}

/**
 * What the cosines of one image to all labels of a set say.
 *
 * `single`: softmax over cosine × scale of all labels, as transformers' examples do over `logits_per_image`.
 * `multi`: sigmoid(cosine × scale + bias) for a model trained that way (SigLIP). A softmax-trained model (CLIP) has no
 * probability of one label alone: there it is that of the label against the average of the others, sigmoid(scale ×
 * (cosine − mean cosine of the other labels)), so it says whether the label stands out of its set; with one label only,
 * sigmoid(scale × cosine) is all there is.
 */
export function probabilitiesOf(cosines: Float64Array, options: ProbabilityOptions): Float64Array {
  const { mode, logitScale } = options;
  const probability = logitsToProbability({
    labelSet: { mode },
    model: options,
    labelCount: cosines.length,
  });
  const total = mode === 'single' ? logSumExp(cosines, logitScale) : mean(cosines);
  return cosines.map((cosine) => probability(cosine, total));
}

/**
 * The probability of one label, from its score and what is known of all: see `probabilitiesOf`. `single`: `total` is the
 * logarithm of the sum of exp(logit) over all labels; `multi`: the mean of all cosines. `pairwise`: the score is the
 * cosine above that of the negatives, and the probability a softmax over the two. A temperature divides the logits.
 */
export function logitsToProbability(options: {
  labelSet: { mode: LabelMode; temperature?: number };
  model: ModelLogits;
  labelCount: number;
}): (score: number, total: number) => number {
  const { labelSet, model, labelCount } = options;
  const scale = model.logitScale / (labelSet.temperature ?? 1);
  const bias = model.logitBias / (labelSet.temperature ?? 1);
  const others = labelCount - 1;
  if (labelSet.mode === 'single') return (score, total) => Math.min(1, Math.exp(score * scale - total));
  if (labelSet.mode === 'pairwise' || (others === 0 && model.scoring !== 'sigmoid'))
    return (score) => sigmoid(score * scale);
  if (model.scoring === 'sigmoid') return (score) => sigmoid(score * scale + bias);
  return (score, total) => sigmoid(scale * (score - (total * labelCount - score) / others));
}

function logSumExp(cosines: Float64Array, scale: number): number {
  const best = cosines.reduce((a, b) => Math.max(a, b), -Infinity) * scale;
  return best + Math.log(cosines.reduce((sum, cosine) => sum + Math.exp(cosine * scale - best), 0));
}

const mean = (values: Float64Array): number => values.reduce((a, b) => a + b, 0) / values.length;

const sigmoid = (logit: number): number => 1 / (1 + Math.exp(-logit));
