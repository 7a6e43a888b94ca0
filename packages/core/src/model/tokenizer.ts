import { dirname, join } from 'node:path';
import { Tokenizer as HuggingFaceTokenizer } from '@huggingface/tokenizers';
import { UsageError } from '../usage-error.js';
import type { Bundle } from './bundle.js';
import { traitsOf, type Family } from './families.js';
import { readJson, type JsonObject } from './read-json.js';

export interface Tokenizer {
  /** Token ids with the special ones, cut to the context length, not padded. */
  encode(text: string): number[];
  /** Fills texts up where the graph has a fixed length. */
  padId: number;
  padSide: 'left' | 'right';
}

/** @throws {UsageError} when tokenizer.json cannot be used */
export async function loadTokenizer(
  bundle: Pick<Bundle, 'family' | 'contextLength'> & { files: Pick<Bundle['files'], 'tokenizer'> },
): Promise<Tokenizer> {
  const path = bundle.files.tokenizer;
  const definition = await readJson(path);
  if (!definition) throw new UsageError(`${path}: no such file`);
  const config = (await readJson(join(dirname(path), 'tokenizer_config.json'))) ?? {};
  const { spelledSpecialTokensAreText } = traitsOf(bundle.family);
  const prepare = preparationOf(bundle.family, config);
  const tokenizer = construct(
    spelledSpecialTokensAreText ? withoutSpecialTokens(definition) : definition,
    config,
    path,
  );
  const body = (text: string): number[] => tokenizer.encode(text, { add_special_tokens: false }).ids;
  const frame = frameOf(tokenizer);
  return {
    encode(text) {
      const ids = body(prepare(text));
      const room = bundle.contextLength - frame.before.length - frame.after.length;
      return [...frame.before, ...ids.slice(0, room), ...frame.after];
    },
    padId: padIdOf(definition, config),
    padSide: config['padding_side'] === 'left' ? 'left' : 'right',
  };
}

/** What we use of the library, whose own type declarations do not resolve under NodeNext. */
interface Encoder {
  encode(text: string, options?: { add_special_tokens: boolean }): { ids: number[] };
}

function construct(definition: JsonObject, config: JsonObject, path: string): Encoder {
  try {
    return new HuggingFaceTokenizer(definition, config) as Encoder;
  } catch (error) {
    throw new UsageError(`${path}: no tokenizer that can be used: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

/** The special tokens put before and after every text. */
function frameOf(tokenizer: Encoder): { before: number[]; after: number[] } {
  const probe = 'a';
  const bare = tokenizer.encode(probe, { add_special_tokens: false }).ids;
  const framed = tokenizer.encode(probe).ids;
  const start = framed.findIndex((_, i) => bare.every((id, j) => framed[i + j] === id));
  return { before: framed.slice(0, start), after: framed.slice(start + bare.length) };
}

/** Special tokens stay in the vocabulary, where the post-processor finds them; they are only no longer cut out of texts. */
function withoutSpecialTokens(definition: JsonObject): JsonObject {
  const added = (definition['added_tokens'] ?? []) as readonly JsonObject[];
  return { ...definition, added_tokens: added.filter((token) => token['special'] !== true) };
}

/** What the reference does to a text before the rules of its tokenizer.json. */
function preparationOf(family: Family, config: JsonObject): (text: string) => string {
  if (family !== 'siglip') return preparations[family];
  return config['tokenizer_class'] === 'SiglipTokenizer' ? preparations.siglip : preparations.siglip2;
}

const asciiPunctuation = /[!-/:-@[-`{-~]/g;

/** These tokenizers lower-case, the reference's letter by letter; JavaScript would make ς of a Σ that ends a word. */
const withoutFinalSigma = (text: string): string => text.replaceAll('Σ', 'σ');

const preparations = {
  clip: withoutFinalSigma,
  /** As cn_clip does. */
  chinese_clip: (text) => withoutFinalSigma(text).replaceAll(/[“”]/g, '"'),
  /** `canonicalize_text` of SiglipTokenizer, which tokenizer.json files made of it do not always hold. */
  siglip: (text) => text.toLowerCase().replaceAll(asciiPunctuation, '').replaceAll(/\s+/g, ' ').trim(),
  /** SigLIP 2 was trained on lower case; its first tokenizer.json files do not say so. */
  siglip2: (text) => withoutFinalSigma(text).toLowerCase(),
} as const satisfies Record<string, (text: string) => string>;

function padIdOf(definition: JsonObject, config: JsonObject): number {
  const named = config['pad_token'];
  const content = typeof named === 'string' ? named : (named as JsonObject | null | undefined)?.['content'];
  const added = (definition['added_tokens'] ?? []) as readonly { id: number; content: string }[];
  const vocabulary = (definition['model'] as JsonObject | undefined)?.['vocab'] as
    | Record<string, number>
    | undefined;
  if (typeof content !== 'string') return 0;
  return added.find((token) => token.content === content)?.id ?? vocabulary?.[content] ?? 0;
}
