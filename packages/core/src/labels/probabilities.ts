export interface ProbabilityOptions {
  /** `single`: one of the labels fits. `multi`: each fits or not, on its own. */
  mode: 'single' | 'multi';
  logitScale: number;
  logitBias: number;
  /** How the model was trained to read its logits. Default softmax. */
  scoring?: 'softmax' | 'sigmoid';
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
  const { mode, logitScale, logitBias, scoring } = options;
  if (mode === 'single') return softmax(cosines.map((cosine) => cosine * logitScale));
  if (scoring === 'sigmoid') return cosines.map((cosine) => sigmoid(cosine * logitScale + logitBias));
  const sum = cosines.reduce((a, b) => a + b, 0);
  const others = cosines.length - 1;
  return cosines.map((cosine) =>
    sigmoid(logitScale * (others > 0 ? cosine - (sum - cosine) / others : cosine)),
  );
}

function softmax(logits: Float64Array): Float64Array {
  const best = logits.reduce((a, b) => Math.max(a, b), -Infinity);
  const weights = logits.map((logit) => Math.exp(logit - best));
  const sum = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight) => weight / sum);
}

const sigmoid = (logit: number): number => 1 / (1 + Math.exp(-logit));
