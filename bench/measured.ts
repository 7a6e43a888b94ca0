/** What one round of one way gave. CPU time counts every thread of every process that took part. */
export interface Measured {
  imagesPerSecond: number;
  cpuMsPerImage: number;
}

/** Least, median and greatest of several rounds. */
export interface Spread {
  min: number;
  median: number;
  max: number;
}

/** Of one or more values, rounded to four significant digits. */
export function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (i: number): number => Number((sorted[i] as number).toPrecision(4));
  return { min: at(0), median: at(Math.floor(sorted.length / 2)), max: at(sorted.length - 1) };
}

/** Round by round, one value over another. */
export const ratios = (over: readonly number[], under: readonly number[]): Spread =>
  spread(over.map((value, round) => value / (under[round] as number)));
