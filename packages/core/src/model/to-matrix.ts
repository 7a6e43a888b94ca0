/** Rows of D as one row-major `[N, D]`. */
export function toMatrix(rows: readonly Float32Array[]): Float32Array {
  const dimension = rows[0]?.length ?? 0;
  const matrix = new Float32Array(rows.length * dimension);
  for (const [i, row] of rows.entries()) matrix.set(row, i * dimension);
  return matrix;
}
