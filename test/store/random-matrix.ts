/** `[rows, dimension]` with L2-normalised rows, the same every time for the same seed. */
export function randomMatrix(rows: number, dimension: number, seed = 1): Float32Array {
  let state = seed;
  const next = () => {
    // A linear congruential generator with the constants of Numerical Recipes.
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 31 - 1;
  };
  const matrix = Float32Array.from({ length: rows * dimension }, next);
  for (let row = 0; row < rows; row++) {
    const vector = matrix.subarray(row * dimension, (row + 1) * dimension);
    const norm = Math.hypot(...vector);
    vector.forEach((value, i) => (vector[i] = value / norm));
  }
  return matrix;
}

export const rowOf = (matrix: Float32Array, row: number, dimension: number): Float32Array =>
  matrix.slice(row * dimension, (row + 1) * dimension);
