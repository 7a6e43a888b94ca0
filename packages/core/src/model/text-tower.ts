import { Tensor, type InferenceSession } from 'onnxruntime-node';
import { UsageError } from '../usage-error.js';
import type { Bundle } from './bundle.js';
import { findEmbeddingOutput, toEmbeddings } from './embedding-output.js';
import { traitsOf } from './families.js';
import { LruCache } from './lru-cache.js';
import { openSession, type SessionOptions } from './open-session.js';
import { textBatches } from './text-batches.js';
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
  const tokenizer = await loadTokenizer(bundle);
  const session = await openSession(
    path,
    bundle.files.layout === 'joint' ? { outputs: textOutputs } : undefined,
    options,
  );
  const inputs = textInputs(session, path);
  const output = findEmbeddingOutput(session, textOutputs, path);
  const fixedLength = inputs.fixedLength ?? (padsToContext ? bundle.contextLength : undefined);
  const cache = new LruCache<string, Float32Array>(options.cacheEntriesMax ?? 10_000);

  const run = async (ids: readonly (readonly number[])[]): Promise<Float32Array> => {
    const length = fixedLength ?? (ids[0] as readonly number[]).length;
    const feeds = textFeeds(ids, { length, padId: tokenizer.padId, names: inputs.names });
    const results = await session.run(feeds, [output]);
    return toEmbeddings(results[output] as Tensor, ids.length, bundle.dimension, path);
  };

  return {
    async embed(texts) {
      const found = new Map(texts.map((text) => [text, cache.get(text)] as const));
      const missing = [...found.keys()].filter((text) => !found.get(text));
      const tokens = missing.map((text) => tokenizer.encode(text));
      for (const batch of textBatches(tokens, options.batchSizeMax ?? 32)) {
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

const textInputNames = ['input_ids', 'attention_mask', 'token_type_ids', 'position_ids'] as const;
type TextInputName = (typeof textInputNames)[number];

function textInputs(
  session: InferenceSession,
  path: string,
): { names: TextInputName[]; fixedLength?: number } {
  const names = textInputNames.filter((name) => session.inputNames.includes(name));
  if (names[0] !== 'input_ids' || names.length !== session.inputNames.length) {
    throw new UsageError(
      `${path}: a text tower has input_ids and perhaps ${textInputNames.slice(1).join(', ')}; this graph has ${session.inputNames.join(', ')}`,
    );
  }
  const ids = session.inputMetadata.find(({ name }) => name === 'input_ids');
  const length = ids?.isTensor ? ids.shape[1] : undefined;
  return typeof length === 'number' ? { names, fixedLength: length } : { names };
}

/** int64 [N, length] for each input; the mask is 1 where a token is and 0 on padding. */
function textFeeds(
  ids: readonly (readonly number[])[],
  { length, padId, names }: { length: number; padId: number; names: readonly TextInputName[] },
): Record<string, Tensor> {
  const valueAt: Record<TextInputName, (row: readonly number[], i: number) => number> = {
    input_ids: (row, i) => row[i] ?? padId,
    attention_mask: (row, i) => (i < row.length ? 1 : 0),
    token_type_ids: () => 0,
    position_ids: (_, i) => i,
  };
  const tensorOf = (name: TextInputName): Tensor => {
    const values = BigInt64Array.from({ length: ids.length * length }, (_, at) =>
      BigInt(valueAt[name](ids[Math.floor(at / length)] as readonly number[], at % length)),
    );
    return new Tensor('int64', values, [ids.length, length]);
  };
  return Object.fromEntries(names.map((name) => [name, tensorOf(name)]));
}
