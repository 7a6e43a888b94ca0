import { UsageError } from '../usage-error.js';

/** Placeholder signature: the joint layout follows. */
export function cutGraph(_onnx: Uint8Array, { outputs }: { outputs: readonly string[] }): Uint8Array {
  throw new UsageError(`the joint model.onnx cannot be cut to ${outputs.join(', ')} yet`);
}
