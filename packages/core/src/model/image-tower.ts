import { Tensor, type InferenceSession } from 'onnxruntime-node';
import { toTensor } from '../image/to-tensor.js';
import { UsageError } from '../usage-error.js';
import type { Bundle } from './bundle.js';
import { findEmbeddingOutput, toEmbeddings } from './embedding-output.js';
import { traitsOf } from './families.js';
import { toFloat16 } from './float16.js';
import { openSession, type SessionOptions } from './open-session.js';

export interface ImageTower {
  /**
   * @param images N pictures as `decodeImage` makes them, uint8 H×W×3; N of any size, all in one run
   * @returns float32 [N, D], each row of length 1
   */
  embed(images: readonly Uint8Array[]): Promise<Float32Array>;
  release(): Promise<void>;
}

/** @throws {UsageError} when the graph cannot be loaded or is no image tower */
export async function loadImageTower(bundle: Bundle, options: SessionOptions): Promise<ImageTower> {
  const { imageOutputs } = traitsOf(bundle.family);
  const path = bundle.files.image;
  const session = await openSession(
    path,
    bundle.files.layout === 'joint' ? { outputs: imageOutputs } : undefined,
    options,
  );
  const input = pixelInput(session, path);
  const output = findEmbeddingOutput(session, imageOutputs, path);
  return {
    async embed(images) {
      if (images.length === 0) return new Float32Array(0);
      const results = await session.run({ [input.name]: pixelTensor(images, bundle, input.type) }, [output]);
      return toEmbeddings(results[output] as Tensor, images.length, bundle.dimension, path);
    },
    release: () => session.release(),
  };
}

type PixelType = 'float32' | 'float16';

function pixelInput(session: InferenceSession, path: string): { name: string; type: PixelType } {
  const [input, ...others] = session.inputMetadata;
  if (!input?.isTensor || others.length > 0) {
    throw new UsageError(
      `${path}: an image tower has one input, pixel_values; this graph has ${session.inputNames.join(', ')}`,
    );
  }
  if (input.type === 'float32' || input.type === 'float16') return { name: input.name, type: input.type };
  throw new UsageError(`${path}: its input ${input.name} is ${input.type}; it must be float32 or float16`);
}

function pixelTensor(images: readonly Uint8Array[], bundle: Bundle, type: PixelType): Tensor {
  const { width, height } = bundle.preprocessing.output;
  const values = toTensor(images, bundle.preprocessing);
  const dims = [images.length, 3, height, width];
  return type === 'float32' ? new Tensor(type, values, dims) : new Tensor(type, toFloat16(values), dims);
}
