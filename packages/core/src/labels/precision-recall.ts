/** What a label scored on one image, and whether the image bears it. */
export interface Judged {
  score: number;
  isPositive: boolean;
}

/** What accepting scores from `threshold` on gives. */
export interface OperatingPoint {
  threshold: number;
  precision: number;
  recall: number;
}

export type Target = { precision: number } | { recall: number };

/** One point a different score, from the greatest on, where recall only grows. Empty without a positive. */
export function precisionRecallCurve(judged: readonly Judged[]): OperatingPoint[] {
  const positives = judged.filter(({ isPositive }) => isPositive).length;
  if (positives === 0) return [];
  const sorted = judged.toSorted((a, b) => b.score - a.score);
  const curve: OperatingPoint[] = [];
  let found = 0;
  sorted.forEach(({ score, isPositive }, i) => {
    if (isPositive) found++;
    // Equal scores are accepted together.
    if (sorted[i + 1]?.score !== score)
      curve.push({ threshold: score, precision: found / (i + 1), recall: found / positives });
  });
  return curve;
}

/**
 * Of the points that reach the wanted precision, the one of the greatest recall; of those that reach the wanted recall,
 * the one of the greatest precision. Undefined where none does.
 */
export function pointFor(curve: readonly OperatingPoint[], target: Target): OperatingPoint | undefined {
  const [wanted, other] =
    'precision' in target ? (['precision', 'recall'] as const) : (['recall', 'precision'] as const);
  const least = 'precision' in target ? target.precision : target.recall;
  return curve
    .filter((point) => point[wanted] >= least)
    .reduce<OperatingPoint | undefined>(
      (best, point) => (best === undefined || point[other] > best[other] ? point : best),
      undefined,
    );
}

/** What a given threshold gives; precision is undefined where nothing is accepted, recall where nothing is positive. */
export function pointAt(
  judged: readonly Judged[],
  threshold: number,
): { precision?: number; recall?: number; positives: number } {
  const accepted = judged.filter(({ score }) => score >= threshold);
  const right = accepted.filter(({ isPositive }) => isPositive).length;
  const positives = judged.filter(({ isPositive }) => isPositive).length;
  return {
    ...(accepted.length > 0 && { precision: right / accepted.length }),
    ...(positives > 0 && { recall: right / positives }),
    positives,
  };
}
