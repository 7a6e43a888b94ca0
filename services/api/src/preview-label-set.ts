import { setImmediate as breathe } from 'node:timers/promises';
import type { LabelSet } from '@tuhai/core/labels/label-set';
import { openLabelScorer, type LabelScorerOptions } from '@tuhai/core/labels/score-labels';
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
 * @param input.labels float32 [R, D], as `embedLabels` makes them
 * @returns one entry a label, in the order of the set
 */
export async function previewLabelSet(
  { imageIds, keys, matrix }: VectorSample,
  input: { labelSet: LabelSet; hitsMax: number } & Pick<LabelScorerOptions, 'labels' | 'model'>,
): Promise<LabelPreview[]> {
  const { labelSet, labels, model, hitsMax } = input;
  const previews = new Map(
    labelSet.labels.map(({ name }): [string, LabelPreview] => [
      name,
      { label: name, best: 0, confident: 0, hits: [] },
    ]),
  );
  const scorer = await openLabelScorer({ labelSet: { ...labelSet, top: previews.size + 1 }, labels, model });
  try {
    for (let start = 0; start < imageIds.length; start += turn) {
      const part = matrix.subarray(start * model.dimension, (start + turn) * model.dimension);
      for (const [row, predictions] of (await scorer.score(part)).entries()) {
        const image = { imageId: imageIds[start + row] as number, key: keys[start + row] as string };
        for (const { label, rank, passed, cosine, probability } of predictions) {
          const preview = previews.get(label);
          if (!preview) continue; // "none of these"
          if (rank === 1) preview.best++;
          if (rank === 1 && passed) preview.confident++;
          keepBest(preview.hits, { ...image, cosine, probability }, hitsMax);
        }
      }
      await breathe();
    }
  } finally {
    await scorer.release();
  }
  return [...previews.values()];
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
