import { l2Normalize } from '../model/l2-normalize.js';
import { toMatrix } from '../model/to-matrix.js';
import type { TextTower } from '../model/text-tower.js';
import type { LabelSet } from './label-set.js';
import { labelTexts } from './label-texts.js';

/** Texts embedded before the next ones are asked for; bounds what an ensemble of many templates holds. */
const textsMax = 4_096;

/**
 * One vector a row of `labelTexts`: its texts embedded and normalised, their mean, normalised again (the prompt
 * ensemble of the CLIP paper, section 3.1.4).
 * @returns float32 [R, D], rows of length 1; R is the number of labels, and of what stands behind them
 */
export async function embedLabels(
  labelSet: Pick<LabelSet, 'labels' | 'templates' | 'none'>,
  textTower: Pick<TextTower, 'embed'>,
): Promise<Float32Array> {
  return embedEnsembles(labelTexts(labelSet), textTower);
}

/** @returns float32 [R, D], a row an ensemble */
export async function embedEnsembles(
  ensembles: readonly (readonly string[])[],
  textTower: Pick<TextTower, 'embed'>,
): Promise<Float32Array> {
  const rows: Float32Array[] = [];
  for (let start = 0; start < ensembles.length;) {
    let end = start;
    for (let texts = 0; end < ensembles.length && (end === start || texts < textsMax); end++)
      texts += (ensembles[end] as readonly string[]).length;
    rows.push(...(await embedTogether(ensembles.slice(start, end), textTower)));
    start = end;
  }
  return toMatrix(rows);
}

async function embedTogether(
  ensembles: readonly (readonly string[])[],
  textTower: Pick<TextTower, 'embed'>,
): Promise<Float32Array[]> {
  const texts = ensembles.flat();
  const embeddings = await textTower.embed(texts);
  const dimension = embeddings.length / texts.length;
  let at = 0;
  return ensembles.map(({ length }) => {
    const mean = new Float32Array(dimension);
    for (const end = at + length * dimension; at < end; at += dimension) {
      for (let i = 0; i < dimension; i++)
        mean[i] = (mean[i] as number) + (embeddings[at + i] as number) / length;
    }
    return l2Normalize(mean, dimension);
  });
}
