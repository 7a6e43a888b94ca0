/** The logits of one image (or, of a label that fits or not, the label's logit and 0), and which of them is true. */
export interface LogitCase {
  logits: Float64Array;
  truth: number;
}

/** Of a reliability diagram; as in Guo et al., On Calibration of Modern Neural Networks (2017). */
const binCount = 15;
const temperatureRange = [0.01, 100] as const;
const steps = 60;

/**
 * The temperature that makes the true answers most likely: least mean negative log likelihood of softmax(logits / T),
 * by golden-section search over log T (the likelihood has one valley in 1/T).
 */
export function fitTemperature(cases: readonly LogitCase[]): number {
  const ratio = (Math.sqrt(5) - 1) / 2;
  let [low, high] = temperatureRange.map(Math.log) as [number, number];
  const loss = (logT: number): number => meanLoss(cases, Math.exp(logT));
  for (let step = 0; step < steps; step++) {
    const [a, b] = [high - ratio * (high - low), low + ratio * (high - low)];
    if (loss(a) <= loss(b)) high = b;
    else low = a;
  }
  return Math.exp((low + high) / 2);
}

/**
 * Expected calibration error: how far the probability of the likeliest answer lies from how often it is right, averaged
 * over bins of that probability, weighted by their cases. 0 is perfect.
 */
export function calibrationError(cases: readonly LogitCase[], temperature: number): number {
  const bins = Array.from({ length: binCount }, () => ({ count: 0, confidence: 0, right: 0 }));
  for (const { logits, truth } of cases) {
    const best = logits.reduce((top, logit, i) => (logit > (logits[top] as number) ? i : top), 0);
    const confidence = Math.exp(logProbability(logits, best, temperature));
    const bin = bins[Math.min(binCount - 1, Math.floor(confidence * binCount))] as (typeof bins)[number];
    bin.count++;
    bin.confidence += confidence;
    if (best === truth) bin.right++;
  }
  return bins.reduce((sum, { confidence, right }) => sum + Math.abs(confidence - right), 0) / cases.length;
}

const meanLoss = (cases: readonly LogitCase[], temperature: number): number =>
  cases.reduce((sum, { logits, truth }) => sum - logProbability(logits, truth, temperature), 0) /
  cases.length;

function logProbability(logits: Float64Array, index: number, temperature: number): number {
  const best = logits.reduce((a, b) => Math.max(a, b), -Infinity);
  const sum = logits.reduce((total, logit) => total + Math.exp((logit - best) / temperature), 0);
  return ((logits[index] as number) - best) / temperature - Math.log(sum);
}
