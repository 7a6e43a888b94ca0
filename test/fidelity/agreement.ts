/** How near rows of unit length come to the reference's. */
export interface VectorAgreement {
  /** Of one row. */
  cosineMin: number;
  /** Of one component. */
  differenceMax: number;
}

/** @param rows float32 [N, D], both */
export function vectorAgreement(
  ours: Float32Array,
  reference: Float32Array,
  dimension: number,
): VectorAgreement {
  if (ours.length !== reference.length || ours.length === 0)
    throw new RangeError(`${ours.length} values against ${reference.length}`);
  let [cosineMin, differenceMax] = [1, 0];
  for (let at = 0; at < ours.length; at += dimension) {
    let [product, ourSquares, theirSquares] = [0, 0, 0];
    for (let i = at; i < at + dimension; i++) {
      const [a, b] = [ours[i] as number, reference[i] as number];
      product += a * b;
      ourSquares += a * a;
      theirSquares += b * b;
      differenceMax = Math.max(differenceMax, Math.abs(a - b));
    }
    cosineMin = Math.min(cosineMin, product / Math.sqrt(ourSquares * theirSquares));
  }
  return { cosineMin, differenceMax };
}

/** How `logits_per_image` compare. */
export interface LogitAgreement {
  differenceMax: number;
  /** Share of the images whose best text is the reference's. */
  sameTop1: number;
  /** Spearman's rank correlation over the texts, the least of all images. */
  rankCorrelationMin: number;
}

/** @param ours float32 [images, texts], both */
export function logitAgreement(ours: Float32Array, reference: Float32Array, texts: number): LogitAgreement {
  let [differenceMax, same, rankCorrelationMin] = [0, 0, 1];
  const images = ours.length / texts;
  for (let image = 0; image < images; image++) {
    const [a, b] = [ours, reference].map((logits) => logits.subarray(image * texts, (image + 1) * texts));
    const [ourRanks, theirRanks] = [ranksOf(a as Float32Array), ranksOf(b as Float32Array)];
    (a as Float32Array).forEach((logit, i) => {
      differenceMax = Math.max(differenceMax, Math.abs(logit - ((b as Float32Array)[i] as number)));
    });
    if (ourRanks.indexOf(0) === theirRanks.indexOf(0)) same++;
    rankCorrelationMin = Math.min(rankCorrelationMin, spearman(ourRanks, theirRanks));
  }
  return { differenceMax, sameTop1: same / images, rankCorrelationMin };
}

/** For each value how many are greater. */
function ranksOf(values: Float32Array): number[] {
  const ranks = Array.from({ length: values.length }, () => 0);
  const order = ranks.map((_, i) => i).sort((a, b) => (values[b] as number) - (values[a] as number));
  order.forEach((value, rank) => (ranks[value] = rank));
  return ranks;
}

/** 1 − 6 Σd² / (n (n² − 1)), for ranks without ties. */
function spearman(a: readonly number[], b: readonly number[]): number {
  const n = a.length;
  if (n < 2) return 1;
  const squares = a.reduce((sum, rank, i) => sum + (rank - (b[i] as number)) ** 2, 0);
  return 1 - (6 * squares) / (n * (n * n - 1));
}
