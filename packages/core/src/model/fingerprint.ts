import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { decodeRevision } from '../image/decode-revision.js';
import type { Preprocessing } from '../image/preprocessing.js';
import { canonicalJson } from './canonical-json.js';
import type { Family } from './families.js';
import type { Precision } from './precision.js';

/** Everything that decides an embedding. */
export interface FingerprintParts {
  family: Family;
  precision: Precision;
  dimension: number;
  contextLength: number;
  preprocessing: Preprocessing;
  tokenizerSettings: TokenizerSettings;
  /** Paths whose bytes count, in this order: graphs, their external data, the tokenizer. */
  files: readonly string[];
}

/** Fields of `tokenizer_config.json`, null where it is silent. */
export interface TokenizerSettings {
  /** Of SigLIP only: its two tokenizers prepare texts differently. */
  class: unknown;
  padToken: unknown;
  padSide: unknown;
}

/** @returns hex sha256; equal only where every part is, byte for byte */
export async function fingerprintOf({ files, ...parts }: FingerprintParts): Promise<string> {
  const hashes: string[] = [];
  for (const file of files) hashes.push(await sha256OfFile(file));
  const content = { revision: 1, decodeRevision, ...parts, files: hashes };
  return createHash('sha256').update(canonicalJson(content)).digest('hex');
}

async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash);
  return hash.digest('hex');
}
