/**
 * Scales every row to length 1, in place. A row of zeros stays as it is.
 * @param rows float32 [N, dimension]
 */
export function l2Normalize(rows: Float32Array, dimension: number): Float32Array {
  for (let start = 0; start < rows.length; start += dimension) {
    const row = rows.subarray(start, start + dimension);
    const length = Math.sqrt(row.reduce((sum, value) => sum + value * value, 0));
    if (length > 0) row.forEach((value, i) => (row[i] = value / length));
  }
  return rows;
}
