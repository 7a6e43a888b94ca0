import { traitsOf, type Family } from './families.js';
import type { JsonObject } from './read-json.js';

/** What turns a cosine into a logit: cosine × logitScale + logitBias. */
export interface Logits {
  /** Already exponentiated, e.g. 100. */
  logitScale: number;
  /** 0 for CLIP. */
  logitBias: number;
  /**
   * `graph`: the bundle records none, but has a joint graph that computes logits. `family`: not even that, so it is what
   * the published models of its family were trained to.
   */
  logitScaleFrom: 'manifest' | 'config' | 'graph' | 'family';
}

export interface LogitSources {
  config: JsonObject;
  manifest: JsonObject | undefined;
  derive: () => Promise<Pick<Logits, 'logitScale' | 'logitBias'> | undefined>;
}

/**
 * The bundle's logit scale and bias: from `manifest.json`, else `config.json` (fields `logit_scale`, `logit_bias`; the
 * scale is the multiplier, not its logarithm), else what `derive` finds. `logit_scale_init_value` is where training
 * started and says nothing.
 */
export async function readLogits(
  family: Family,
  { config, manifest, derive }: LogitSources,
): Promise<Logits> {
  const sources = [
    { from: 'manifest', json: manifest },
    { from: 'config', json: config },
  ] as const;
  const found = sources.find(({ json }) => isScale(json?.['logit_scale']));
  if (!found) {
    const derived = await derive();
    if (derived) return { ...derived, logitScaleFrom: 'graph' };
    const { logitScale, logitBias } = traitsOf(family);
    return { logitScale, logitBias, logitScaleFrom: 'family' };
  }
  const bias = found.json?.['logit_bias'];
  return {
    logitScale: found.json?.['logit_scale'] as number,
    logitBias: typeof bias === 'number' ? bias : 0,
    logitScaleFrom: found.from,
  };
}

const isScale = (value: unknown): boolean => typeof value === 'number' && Number.isFinite(value) && value > 0;
