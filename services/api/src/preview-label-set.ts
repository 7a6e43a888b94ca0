import { setImmediate as breathe } from 'node:timers/promises';
import type { LabelSet } from '@tuhai/core/labels/label-set';
import { probabilitiesOf, type ProbabilityOptions } from '@tuhai/core/labels/probabilities';
import { cosinesTo } from '@tuhai/core/model/cosines';
import type { VectorSample } from '@tuhai/core/store/sample-vectors';

export interface LabelPreview {
  label: string;
  /** Images whose best label it is. */
  best: number;
  /** Those of them that reach its threshold. */
  confident: number;
  /** The images with the greatest probability of it, best first. */
  hits: PreviewHit[];
}

export interface PreviewHit {
  imageId: number;
  key: string;
  cosine: number;
  probability: number;
}

/** Images scored before other requests get a turn. */
const turn = 128;

/**
 * What a label set would say of stored vectors.
 * @param input.labels float32 [L, D], rows of length 1, in the order of the set
 * @returns one entry a label, in the order of the set
 */
export async function previewLabelSet(
  { imageIds, keys, matrix }: VectorSample,
  input: { labelSet: LabelSet; labels: Float32Array; dimension: number; hitsMax: number } & Omit<
    ProbabilityOptions,
    'mode'
  >,
): Promise<LabelPreview[]> {
  const { labelSet, labels, dimension, hitsMax, ...options } = input;
  const previews = labelSet.labels.map(({ name }): LabelPreview => ({
    label: name,
    best: 0,
    confident: 0,
    hits: [],
  }));
  for (const [row, imageId] of imageIds.entries()) {
    if (row % turn === turn - 1) await breathe();
    const cosines = cosinesTo(matrix.subarray(row * dimension, (row + 1) * dimension), labels);
    const probabilities = probabilitiesOf(cosines, { ...options, mode: labelSet.mode });
    const best = cosines.reduce((top, cosine, i) => (cosine > (cosines[top] as number) ? i : top), 0);
    const winner = previews[best] as LabelPreview;
    winner.best++;
    if ((probabilities[best] as number) >= (labelSet.labels[best]?.threshold ?? 0)) winner.confident++;
    for (const [i, { hits }] of previews.entries()) {
      const probability = probabilities[i] as number;
      const cosine = cosines[i] as number;
      keepBest(hits, { imageId, key: keys[row] as string, cosine, probability }, hitsMax);
    }
  }
  return previews;
}

/** Equal probabilities, as of two that round to 1, are told apart by their cosines. */
function keepBest(hits: PreviewHit[], hit: PreviewHit, hitsMax: number): void {
  const isBetter = (other: PreviewHit) =>
    hit.probability > other.probability ||
    (hit.probability === other.probability && hit.cosine > other.cosine);
  const last = hits.at(-1);
  if (last && hits.length >= hitsMax && !isBetter(last)) return;
  const place = hits.findIndex(isBetter);
  hits.splice(place === -1 ? hits.length : place, 0, hit);
  if (hits.length > hitsMax) hits.pop();
}
