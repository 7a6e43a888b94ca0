import type { Tensor } from 'onnxruntime-node';
import type { Bundle } from './bundle.js';
import { cutGraph } from './cut-graph.js';
import { findEmbeddingOutput, toEmbeddings } from './embedding-output.js';
import { traitsOf } from './families.js';
import { LruCache } from './lru-cache.js';
import { openSession, type SessionOptions } from './open-session.js';
import { textBatches } from './text-batches.js';
import { textInputs } from './text-inputs.js';
import { loadTokenizer } from './tokenizer.js';

export interface TextTower {
  /** @returns float32 [N, D], each row of length 1, in the order of the texts */
  embed(texts: readonly string[]): Promise<Float32Array>;
  /** Token ids as the tower gets them, without padding. */
  tokenize(text: string): number[];
  release(): Promise<void>;
}

export interface TextTowerOptions extends SessionOptions {
  /** Texts of one run at most. Default 32. */
  batchSizeMax?: number;
  /** Texts whose embeddings are kept. Default 10,000. */
  cacheEntriesMax?: number;
}

/** @throws {UsageError} when the graph cannot be loaded or is no text tower */
export async function loadTextTower(bundle: Bundle, options: TextTowerOptions): Promise<TextTower> {
  const { textOutputs, padsToContext } = traitsOf(bundle.family);
  const path = bundle.files.text;
  const session = await openSession(
    path,
    bundle.files.layout === 'joint' ? (source) => cutGraph(source, { outputs: textOutputs }) : undefined,
    options,
  );
  const inputs = textInputs(session, path);
  const contextLength = Math.min(bundle.contextLength, inputs.length ?? bundle.contextLength);
  const tokenizer = await loadTokenizer({ ...bundle, contextLength });
  const output = findEmbeddingOutput(session, textOutputs, bundle.dimension, path);
  const fixedLength = inputs.length ?? (padsToContext ? bundle.contextLength : undefined);
  const batchSizeMax = inputs.batchSize ?? options.batchSizeMax ?? 32;
  const cache = new LruCache<string, Float32Array>(options.cacheEntriesMax ?? 10_000);

  const run = async (ids: readonly (readonly number[])[]): Promise<Float32Array> => {
    const length = fixedLength ?? (ids[0] as readonly number[]).length;
    const short = (inputs.batchSize ?? ids.length) - ids.length;
    const rows = [...ids, ...Array.from({ length: short }, () => ids[0] as readonly number[])];
    const { padId, padSide: side } = tokenizer;
    const feeds = inputs.feeds(rows, { length, padId, side, attendsToPadding: padsToContext });
    const results = await session.run(feeds, [output]);
    return toEmbeddings(results[output] as Tensor, rows.length, bundle.dimension, path);
  };

  return {
    async embed(texts) {
      const found = new Map(texts.map((text) => [text, cache.get(text)] as const));
      const missing = [...found.keys()].filter((text) => !found.get(text));
      const tokens = missing.map((text) => tokenizer.encode(text));
      for (const batch of textBatches(tokens, batchSizeMax)) {
        const rows = await run(batch.ids);
        batch.positions.forEach((position, i) => {
          const row = rows.slice(i * bundle.dimension, (i + 1) * bundle.dimension);
          found.set(missing[position] as string, row);
          cache.set(missing[position] as string, row);
        });
      }
      const embeddings = new Float32Array(texts.length * bundle.dimension);
      texts.forEach((text, i) => embeddings.set(found.get(text) as Float32Array, i * bundle.dimension));
      return embeddings;
    },
    tokenize: (text) => tokenizer.encode(text),
    release: () => session.release(),
  };
}
