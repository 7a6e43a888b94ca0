import { l2Normalize } from '../model/l2-normalize.js';
import type { TextTower } from '../model/text-tower.js';
import type { LabelSet } from './label-set.js';

/**
 * One vector a label: its prompts in every template, embedded and normalised, their mean, normalised again
 * (the prompt ensemble of the CLIP paper, section 3.1.4).
 * @returns float32 [L, D], rows of length 1
 */
export async function embedLabels(
  labelSet: Pick<LabelSet, 'labels' | 'templates'>,
  textTower: Pick<TextTower, 'embed'>,
): Promise<Float32Array> {
  const textsOf = labelSet.labels.map(({ prompts }) => labelTexts(prompts, labelSet.templates));
  const embeddings = await textTower.embed(textsOf.flat());
  const dimension = embeddings.length / textsOf.flat().length;
  const means = new Float32Array(textsOf.length * dimension);
  let row = 0;
  textsOf.forEach((texts, label) => {
    const mean = means.subarray(label * dimension, (label + 1) * dimension);
    for (const end = row + texts.length; row < end; row++) {
      for (let i = 0; i < dimension; i++)
        mean[i] = (mean[i] as number) + (embeddings[row * dimension + i] as number) / texts.length;
    }
  });
  return l2Normalize(means, dimension);
}

/** Every prompt in every template. */
export function labelTexts(prompts: readonly string[], templates: readonly string[]): string[] {
  return templates.flatMap((template) => prompts.map((prompt) => template.replaceAll('{}', () => prompt)));
}
