import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { LabelSet } from './label-set.js';
import { logitsToProbability, type ModelLogits } from './probabilities.js';
import { scoreGraph } from './score-graph.js';
import { passes } from './thresholds.js';

export interface Prediction {
  label: string;
  cosine: number;
  probability: number;
  /** 1 is the best. */
  rank: number;
  /** Cosine by which the label leads the next one, or, `pairwise`, its negatives; null behind the last. */
  margin: number | null;
  /** Whether it reaches its threshold. "None of these" does when it is the best. */
  passed: boolean;
}

/** Labels ready to be held against images. */
export interface LabelScorer {
  /**
   * @param images float32 [N, D], rows of length 1
   * @returns N lists of at most `top`, best first; equal cosines in the order of the set
   */
  score(images: Float32Array): Promise<Prediction[][]>;
  release(): Promise<void>;
}

export interface LabelScorerOptions {
  labelSet: Pick<LabelSet, 'mode' | 'labels' | 'top' | 'threshold' | 'none' | 'temperature'>;
  /** float32 [R, D], rows of length 1, as `embedLabels` makes them of the label set. */
  labels: Float32Array;
  model: ModelLogits & { dimension: number };
  /** Threads of one product; absent: one a core. */
  intraOpThreads?: number;
}

/** Images of one product: more are no faster, and hold N × L floats. */
const imagesMax = 1_024;

/** Scores as products of matrices: see docs/decisions/2026-11-23-label-products.md. */
export async function openLabelScorer(options: LabelScorerOptions): Promise<LabelScorer> {
  const { labelSet, model } = options;
  const { mode, labels, none, top } = labelSet;
  const { dimension } = model;
  const names = labels.map(({ name }) => name);
  if (none && none.prompts.length > 0) names.push(none.name);
  const rows = rowsOf(options, names.length);
  const k = Math.min(top + 1, names.length);
  const constants = {
    labels: new Tensor('float32', rows.ranking, [names.length, dimension]),
    k: new Tensor('int64', BigInt64Array.of(BigInt(k)), [1]),
    ...(mode === 'single' && {
      scale: new Tensor('float32', Float32Array.of(scaleOf(options)), []),
    }),
    ...(mode === 'pairwise' && {
      positives: new Tensor('float32', rows.positives, [names.length, dimension]),
    }),
  };
  const thresholds = [...labels.map((label) => label.threshold ?? labelSet.threshold), undefined];
  const probabilityOf = logitsToProbability({ ...options, labelCount: names.length });
  const session = await InferenceSession.create(scoreGraph(mode), {
    logSeverityLevel: 3,
    interOpNumThreads: 1,
    // Between two products its threads would spin on a core that the database needs.
    extra: { session: { intra_op: { allow_spinning: '0' } } },
    ...(options.intraOpThreads !== undefined && { intraOpNumThreads: options.intraOpThreads }),
  });

  const predictionsOf = (found: Found, image: number): Prediction[] =>
    Array.from({ length: Math.min(top, k) }, (_, position) => {
      const at = image * k + position;
      const index = Number(found.indices[at]);
      const best = found.best[at] as number;
      const cosine = found.cosines[at] as number;
      const probability = probabilityOf(best, found.totals[image] as number);
      const lead = position + 1 < k ? cosine - (found.cosines[at + 1] as number) : null;
      const passed =
        index < labels.length ? passes({ cosine, probability }, thresholds[index]) : position === 0;
      return {
        label: names[index] as string,
        cosine,
        probability,
        rank: position + 1,
        margin: mode === 'pairwise' ? best : lead,
        passed,
      };
    });

  return {
    async score(images) {
      const all: Prediction[][] = [];
      for (let start = 0; start < images.length; start += imagesMax * dimension) {
        const part = images.subarray(start, start + imagesMax * dimension);
        const count = part.length / dimension;
        const results = await session.run({
          ...constants,
          images: new Tensor('float32', part, [count, dimension]),
        });
        const found = foundIn(results);
        for (let image = 0; image < count; image++) all.push(predictionsOf(found, image));
      }
      return all;
    },
    release: () => session.release(),
  };
}

interface Found {
  /** Cosines, or, `pairwise`, cosines above those of the negatives. */
  best: Float32Array;
  indices: BigInt64Array;
  cosines: Float32Array;
  totals: Float32Array;
}

function foundIn(results: InferenceSession.ReturnType): Found {
  const best = results['best']?.data as Float32Array;
  return {
    best,
    indices: results['indices']?.data as BigInt64Array,
    cosines: (results['cosines']?.data as Float32Array | undefined) ?? best,
    totals: (results['total']?.data as Float32Array | undefined) ?? new Float32Array(0),
  };
}

const scaleOf = ({ model, labelSet }: LabelScorerOptions): number =>
  model.logitScale / (labelSet.temperature ?? 1);

/** What images are ranked by, and the labels themselves: `pairwise`, negatives stand behind all positives. */
function rowsOf(
  { labelSet, labels, model }: LabelScorerOptions,
  count: number,
): { ranking: Float32Array; positives: Float32Array } {
  const positives = labels.subarray(0, count * model.dimension);
  const expected = (labelSet.mode === 'pairwise' ? 2 : 1) * positives.length;
  if (labels.length !== expected || positives.length !== count * model.dimension)
    throw new RangeError(`${labels.length} floats are not the vectors of this label set`);
  if (labelSet.mode !== 'pairwise') return { ranking: positives, positives };
  return {
    ranking: positives.map((value, i) => value - (labels[count * model.dimension + i] as number)),
    positives,
  };
}
