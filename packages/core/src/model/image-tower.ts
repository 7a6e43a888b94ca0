import { Tensor } from 'onnxruntime-node';
import type { Bundle } from './bundle.js';
import { byteInputName, takeBytes } from './byte-input.js';
import { cutGraph } from './cut-graph.js';
import { findEmbeddingOutput, toEmbeddings } from './embedding-output.js';
import { traitsOf } from './families.js';
import { openSession, type SessionOptions } from './open-session.js';
import { inMemory } from './wire-format.js';

export interface ImageTower {
  /**
   * @param images N pictures as `decodeImage` makes them, uint8 H×W×3; N of any size, all in one run unless the graph
   *   fixes how many it takes
   * @returns float32 [N, D], each row of length 1
   */
  embed(images: readonly Uint8Array[]): Promise<Float32Array>;
  release(): Promise<void>;
}

export interface ImageTowerOptions extends SessionOptions {
  /**
   * Batches are filled up with black pictures to a power of two: a GPU plans every shape anew when it first meets it.
   * Default: on anything but a CPU.
   */
  batchBuckets?: boolean;
}

/** @throws {UsageError} when the graph cannot be loaded or is no image tower */
export async function loadImageTower(bundle: Bundle, options: ImageTowerOptions): Promise<ImageTower> {
  const { batchBuckets = options.executionProviders[0] !== 'cpu' } = options;
  const { imageOutputs } = traitsOf(bundle.family);
  const { image: path, layout } = bundle.files;
  const { width, height } = bundle.preprocessing.output;
  let fixedBatch: number | null = null;
  const session = await openSession(
    path,
    (source) => {
      const tower = layout === 'joint' ? inMemory(cutGraph(source, { outputs: imageOutputs })) : source;
      const { onnx, batchSize } = takeBytes(tower, bundle.preprocessing);
      fixedBatch = batchSize;
      return onnx;
    },
    options,
  );
  const output = findEmbeddingOutput(session, imageOutputs, bundle.dimension, path);

  const run = async (images: readonly Uint8Array[]): Promise<Float32Array> => {
    const count = fixedBatch ?? (batchBuckets ? 2 ** Math.ceil(Math.log2(images.length)) : images.length);
    const pixels = new Uint8Array(count * height * width * 3);
    images.forEach((image, i) => pixels.set(image, i * height * width * 3));
    const input = new Tensor('uint8', pixels, [count, height, width, 3]);
    const results = await session.run({ [byteInputName]: input }, [output]);
    const rows = toEmbeddings(results[output] as Tensor, count, bundle.dimension, path);
    return rows.subarray(0, images.length * bundle.dimension);
  };

  return {
    async embed(images) {
      images.forEach((image, i) => {
        if (image.length !== height * width * 3)
          throw new RangeError(
            `picture ${i} of the batch has ${image.length} bytes, not ${height * width * 3}`,
          );
      });
      if (images.length === 0) return new Float32Array(0);
      if (images.length === fixedBatch || fixedBatch === null) return run(images);
      const rows = new Float32Array(images.length * bundle.dimension);
      for (let at = 0; at < images.length; at += fixedBatch)
        rows.set(await run(images.slice(at, at + fixedBatch)), at * bundle.dimension);
      return rows;
    },
    release: () => session.release(),
  };
}
