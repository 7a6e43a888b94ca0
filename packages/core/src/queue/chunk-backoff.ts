/** 1 s, 2 s, 4 s … up to 30 s, each somewhere between half and the whole of it, so that chunks do not return in step. */
export function chunkBackoffMs(attemptsMade: number): number {
  const ceilingMs = Math.min(30_000, 1_000 * 2 ** (attemptsMade - 1));
  return Math.round(ceilingMs * (0.5 + Math.random() / 2));
}
