/** First and last byte, both included. */
export interface ByteRange {
  start: number;
  end: number;
}

/**
 * Reads an HTTP Range header for an object of `sizeBytes`. Undefined: no header, or one that is to be ignored (RFC
 * 9110 lets a server do so with several ranges). 'unsatisfiable': nothing of the object is in the range.
 */
export function readByteRange(
  header: string | undefined,
  sizeBytes: number,
): ByteRange | 'unsatisfiable' | undefined {
  const range = /^bytes=(\d*)-(\d*)$/.exec(header ?? '');
  if (!range || (!range[1] && !range[2])) return undefined;
  if (!range[1]) {
    const suffixBytes = Math.min(Number(range[2]), sizeBytes);
    return suffixBytes === 0 ? 'unsatisfiable' : { start: sizeBytes - suffixBytes, end: sizeBytes - 1 };
  }
  const start = Number(range[1]);
  const end = range[2] ? Math.min(Number(range[2]), sizeBytes - 1) : sizeBytes - 1;
  if (range[2] && Number(range[2]) < start) return undefined;
  return start >= sizeBytes ? 'unsatisfiable' : { start, end };
}
