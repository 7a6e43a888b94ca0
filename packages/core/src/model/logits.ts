import { traitsOf, type Family } from './families.js';
import type { JsonObject } from './read-json.js';

/** What turns a cosine into a logit: cosine × logitScale + logitBias. */
export interface Logits {
  /** Already exponentiated, e.g. 100. */
  logitScale: number;
  /** 0 for CLIP. */
  logitBias: number;
  /** `family`: the bundle records none, and this is what the published models of its family were trained to. */
  logitScaleFrom: 'manifest' | 'config' | 'family';
}

/**
 * The bundle's logit scale and bias: from `manifest.json`, else `config.json` (fields `logit_scale`, `logit_bias`; the
 * scale is the multiplier, not its logarithm). `logit_scale_init_value` is where training started and says nothing.
 */
export function readLogits(family: Family, config: JsonObject, manifest: JsonObject | undefined): Logits {
  const sources = [
    { from: 'manifest', json: manifest },
    { from: 'config', json: config },
  ] as const;
  const found = sources.find(({ json }) => isScale(json?.['logit_scale']));
  const { logitScale, logitBias } = traitsOf(family);
  if (!found) return { logitScale, logitBias, logitScaleFrom: 'family' };
  const bias = found.json?.['logit_bias'];
  return {
    logitScale: found.json?.['logit_scale'] as number,
    logitBias: typeof bias === 'number' ? bias : 0,
    logitScaleFrom: found.from,
  };
}

const isScale = (value: unknown): boolean => typeof value === 'number' && Number.isFinite(value) && value > 0;
