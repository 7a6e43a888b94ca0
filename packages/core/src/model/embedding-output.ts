import type { InferenceSession, Tensor } from 'onnxruntime-node';
import { UsageError } from '../usage-error.js';
import { fromFloat16 } from './float16.js';
import { l2Normalize } from './l2-normalize.js';

/**
 * The name of a session's embeddings: one of `preferred`, else its only output with two axes, else the only one of them
 * that is `dimension` long.
 * @throws {UsageError} when that is not to be told
 */
export function findEmbeddingOutput(
  session: InferenceSession,
  preferred: readonly string[],
  dimension: number,
  path: string,
): string {
  const named = preferred.find((name) => session.outputNames.includes(name));
  if (named) return named;
  const flat = session.outputMetadata.filter((output) => output.isTensor && output.shape.length === 2);
  const fitting = flat.filter((output) => output.isTensor && output.shape[1] === dimension);
  const [only] = flat.length === 1 ? flat : fitting;
  if (only && (flat.length === 1 || fitting.length === 1)) return only.name;
  throw new UsageError(
    `${path}: which of its outputs ${session.outputNames.join(', ')} is the embedding? None is called ${preferred.join(' or ')}`,
  );
}

/**
 * The rows of an output as unit vectors.
 * @throws {UsageError} when the graph's embeddings are not of the length the bundle promises
 */
export function toEmbeddings(output: Tensor, count: number, dimension: number, path: string): Float32Array {
  if (output.dims.length !== 2 || output.dims[0] !== count || output.dims[1] !== dimension) {
    throw new UsageError(
      `${path}: embeddings of ${count} inputs came as [${output.dims.join(', ')}]; config.json promises dimension ${dimension}`,
    );
  }
  const rows =
    output.type === 'float16'
      ? fromFloat16(output.data as Uint16Array)
      : Float32Array.from(output.data as Float32Array);
  return l2Normalize(rows, dimension);
}
