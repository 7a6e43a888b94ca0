export interface RetrievalScores {
  queries: number;
  /** Share of the queries that find one of theirs among the first 1, 5 and 10. */
  recallAt1: number;
  recallAt5: number;
  recallAt10: number;
  /** Mean of the three, Chinese-CLIP's MR. */
  meanRecall: number;
  /** Mean over the queries of average precision over all ranks. */
  meanAveragePrecision: number;
}

/**
 * @param relevantRanks for each query, from 1, the ranks of everything that belongs to it
 */
export function retrievalScores(relevantRanks: readonly (readonly number[])[]): RetrievalScores {
  const ranks = relevantRanks.map((list) => list.toSorted((a, b) => a - b));
  const mean = (of: (ranks: readonly number[]) => number): number =>
    ranks.reduce((sum, list) => sum + of(list), 0) / ranks.length;
  const recallAt = (k: number): number => mean(([best = Infinity]) => Number(best <= k));
  const [recallAt1, recallAt5, recallAt10] = [recallAt(1), recallAt(5), recallAt(10)];
  return {
    queries: ranks.length,
    recallAt1,
    recallAt5,
    recallAt10,
    meanRecall: (recallAt1 + recallAt5 + recallAt10) / 3,
    meanAveragePrecision: mean(
      (list) => list.reduce((sum, rank, i) => sum + (i + 1) / rank, 0) / Math.max(1, list.length),
    ),
  };
}

/**
 * Where each of `wanted` stands when all are sorted by score, the greatest first; of equal scores, the one given first.
 * @returns ranks from 1
 */
export function ranksOf(scores: Float64Array, wanted: readonly number[]): number[] {
  return wanted.map((index) => {
    const own = scores[index] as number;
    return scores.reduce((rank, score, i) => rank + Number(score > own || (score === own && i < index)), 1);
  });
}
