/**
 * A unit vector against unit vectors, summed in double precision.
 * @param rows float32 [N, D]
 * @returns N cosines
 */
export function cosinesTo(vector: Float32Array, rows: Float32Array): Float64Array {
  const dimension = vector.length;
  const cosines = new Float64Array(rows.length / dimension);
  for (let row = 0, at = 0; row < cosines.length; row++) {
    let sum = 0;
    for (let i = 0; i < dimension; i++, at++) sum += (vector[i] as number) * (rows[at] as number);
    cosines[row] = sum;
  }
  return cosines;
}
