import type { ApiContext } from './api-context.js';

/** Says nothing of a picture, in any language. */
const neutralText = '';

/**
 * The probability that a text fits a picture, of their cosine: see docs/decisions/2026-11-23-search-probability.md.
 * @returns null where the model gives no ground for one
 */
export function textProbability(
  cosine: number,
  cosineToNeutral: number | null,
  { logitScale, logitBias, scoring }: ApiContext['bundle'],
): number | null {
  if (scoring === 'sigmoid') return sigmoid(cosine * logitScale + logitBias);
  return cosineToNeutral === null ? null : sigmoid(logitScale * (cosine - cosineToNeutral));
}

/** What a text is weighed against; undefined for a model that needs none, or that makes nothing of an empty text. */
export async function neutralVector({ bundle, embedTexts }: ApiContext): Promise<Float32Array | undefined> {
  if (bundle.scoring === 'sigmoid') return undefined;
  const vector = await embedTexts([neutralText]);
  return vector.some((component) => component !== 0) ? vector : undefined;
}

const sigmoid = (logit: number): number => 1 / (1 + Math.exp(-logit));
