import type { Bundle } from '@tuhai/core/model/bundle';
import { readJson, type JsonObject } from '@tuhai/core/model/read-json';
import { loadTokenizer } from '@tuhai/core/model/tokenizer';

export interface TokenizerInspection {
  /** e.g. `WordPiece`, `BPE`, `Unigram`. */
  kind: string;
  /** Entries, added tokens included. */
  vocabularySize: number;
  /** Tokens of a text at most, special ones included. */
  contextLength: number;
  lowersCase: boolean;
  padId: number;
  padSide: 'left' | 'right';
  /** An example, as the tower gets it. */
  example: { text: string; ids: number[] };
}

const exampleText = '一张猫的照片';

/** @throws {UsageError} when tokenizer.json cannot be used */
export async function inspectTokenizer(bundle: Bundle): Promise<TokenizerInspection> {
  const definition = (await readJson(bundle.files.tokenizer)) ?? {};
  const model = (definition['model'] ?? {}) as JsonObject;
  const vocabulary = Object.keys((model['vocab'] ?? {}) as object);
  // A Unigram's vocabulary is a list of [entry, score].
  const entries = Array.isArray(model['vocab'])
    ? (model['vocab'] as [string, number][]).map(([entry]) => entry)
    : vocabulary;
  const added = ((definition['added_tokens'] ?? []) as { content: string }[]).map(({ content }) => content);
  const { encode, padId, padSide } = await loadTokenizer(bundle);
  const [upper, lower] = ['A Photo', 'a photo'].map((text) => String(encode(text)));
  return {
    kind: String(model['type'] ?? 'unknown'),
    vocabularySize: new Set([...entries, ...added]).size,
    contextLength: bundle.contextLength,
    lowersCase: upper === lower,
    padId,
    padSide,
    example: { text: exampleText, ids: encode(exampleText) },
  };
}
