import { createHash, randomBytes } from 'node:crypto';
import { UsageError } from './usage-error.js';

export const scopes = ['read', 'write', 'admin'] as const;
/** What a key may do; each allows what stands before it, too. */
export type Scope = (typeof scopes)[number];

/** A key as the service knows it: by its hash alone. */
export interface ApiKey {
  /** Who it was given to: stands in logs and reviews. */
  name: string;
  scope: Scope;
  /** Of the key's UTF-8 bytes. Keys are long and random, so no slow hash is needed. */
  sha256: Buffer;
}

const plainLengthMin = 20;

export const newApiKey = (): string => `tuhai_${randomBytes(32).toString('base64url')}`;

export const hashApiKey = (key: string): Buffer => createHash('sha256').update(key).digest();

/** What stands in `API_KEYS` for a key. */
export const apiKeyEntry = ({ name, scope, sha256 }: ApiKey): string =>
  `${name}:${scope}:${sha256.toString('hex')}`;

/**
 * Reads `API_KEYS`: entries `name:scope:key` with commas between them, where `key` is the key's SHA-256 as 64 hex digits
 * or the key itself, which is hashed here. Errors do not repeat keys.
 * @throws {UsageError} that says which entry is wrong
 */
export function parseApiKeys(text: string): ApiKey[] {
  const entries = text.split(',').map((entry) => entry.trim());
  const keys = entries.filter((entry) => entry !== '').map(parseEntry);
  const twice = keys.find(({ name }, i) => keys.findIndex((key) => key.name === name) !== i);
  if (twice) throw new UsageError(`API_KEYS has two keys of the name ${twice.name}`);
  return keys;
}

function parseEntry(entry: string, i: number): ApiKey {
  const [, name, scopeText, key = ''] = /^([\p{L}\p{N}._-]{1,64}):([a-z]+):(\S+)$/u.exec(entry) ?? [];
  const scope = scopes.find((candidate) => candidate === scopeText);
  if (!name || !scope) {
    throw new UsageError(
      `API_KEYS: entry ${i + 1} must be name:scope:key, with a scope of ${scopes.join(', ')}`,
    );
  }
  if (/^[0-9a-f]{64}$/i.test(key)) return { name, scope, sha256: Buffer.from(key, 'hex') };
  if (key.length >= plainLengthMin) return { name, scope, sha256: hashApiKey(key) };
  throw new UsageError(
    `API_KEYS: the key of ${name} is shorter than ${plainLengthMin} characters: "tuhai api key" makes one`,
  );
}
