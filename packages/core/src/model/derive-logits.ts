import { dirname } from 'node:path';
import { cutGraph } from './cut-graph.js';
import { withGraph } from './file-source.js';
import { toFloat16, fromFloat16 } from './float16.js';
import { readGraphInputs } from './graph-values.js';
import { inMemory } from './wire-format.js';

const embeddings = { inputs: ['image_embeds', 'text_embeds'], outputs: ['logits_per_image'] } as const;

/**
 * The logit scale and bias that a joint graph was exported with: its last few nodes, from the embeddings to the logits,
 * are cut out and given one image that equals the first of two texts and is at right angles to the second, so that the
 * logits are scale + bias and bias. No tower runs.
 * @returns undefined where the graph has no such end
 */
export async function deriveLogits(
  path: string,
  dimension: number,
): Promise<{ logitScale: number; logitBias: number } | undefined> {
  try {
    const end = withGraph(path, (source) => cutGraph(source, embeddings));
    const inputs = readGraphInputs(inMemory(end));
    if (inputs.length !== 2) return undefined;
    const half = inputs.some(({ elementType }) => elementType === 'float16');
    // Loaded only here: whoever reads a bundle that records its scale needs no onnxruntime.
    const { InferenceSession, Tensor } = await import('onnxruntime-node');
    const session = await InferenceSession.create(end, {
      extra: { session: { model_external_initializers_file_folder_path: dirname(path) } },
      logSeverityLevel: 4,
    });
    const unitVectors = (count: number) => {
      const rows = new Float32Array(count * dimension);
      for (let i = 0; i < count; i++) rows[i * dimension + i] = 1;
      const dims = [count, dimension];
      return half ? new Tensor('float16', toFloat16(rows), dims) : new Tensor('float32', rows, dims);
    };
    const results = await session.run({ image_embeds: unitVectors(1), text_embeds: unitVectors(2) });
    await session.release();
    const data = results['logits_per_image']?.data;
    const [same, apart] = data instanceof Uint16Array ? fromFloat16(data) : (data as Float32Array);
    const logitScale = (same as number) - (apart as number);
    return logitScale > 0 && Number.isFinite(logitScale)
      ? { logitScale, logitBias: apart as number }
      : undefined;
  } catch {
    return undefined;
  }
}
