import { compareUtf8 } from '@tuhai/core/source/utf8-order';

/** What of a bucket a listing asks for, in the words of S3's ListObjectsV2. */
export interface KeyQuery {
  prefix: string;
  /** Empty: none. Keys that share what is before the first delimiter behind the prefix become one common prefix. */
  delimiter: string;
  maxKeys: number;
  startAfter: string;
  /** `nextToken` of the page before. */
  token?: string | undefined;
}

export interface KeyPage {
  keys: string[];
  commonPrefixes: string[];
  nextToken?: string;
}

/**
 * One page of `keys`, which are sorted by `compareUtf8`.
 * @returns undefined when the token is none of ours
 */
export function keyPage(keys: readonly string[], query: KeyQuery): KeyPage | undefined {
  const { prefix, delimiter, maxKeys } = query;
  const last = query.token === undefined ? { key: query.startAfter } : readToken(query.token);
  if (!last) return undefined;
  const page: KeyPage = { keys: [], commonPrefixes: [] };
  let done = 'commonPrefix' in last ? last.commonPrefix : undefined;
  const isBefore = (key: string): boolean =>
    compareUtf8(key, prefix) < 0 || compareUtf8(key, 'key' in last ? last.key : last.commonPrefix) <= 0;
  for (let index = firstIndex(keys, isBefore); index < keys.length; index++) {
    const key = keys[index] ?? '';
    if (!key.startsWith(prefix)) break;
    if (done !== undefined && key.startsWith(done)) continue;
    const full = page.keys.length + page.commonPrefixes.length >= maxKeys;
    if (full) {
      // S3 answers a page of zero keys as complete.
      if (maxKeys > 0) page.nextToken = writeToken(done, page.keys.at(-1));
      break;
    }
    const delimiterAt = delimiter ? key.indexOf(delimiter, prefix.length) : -1;
    done = delimiterAt < 0 ? undefined : key.slice(0, delimiterAt + delimiter.length);
    if (done === undefined) page.keys.push(key);
    else page.commonPrefixes.push(done);
  }
  return page;
}

function firstIndex(keys: readonly string[], isBefore: (key: string) => boolean): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isBefore(keys[middle] ?? '')) low = middle + 1;
    else high = middle;
  }
  return low;
}

// A page ends behind a common prefix (its keys are done with) or behind a key.
function writeToken(commonPrefix: string | undefined, key: string | undefined): string {
  return Buffer.from(commonPrefix === undefined ? `k${key ?? ''}` : `p${commonPrefix}`).toString('base64url');
}

function readToken(token: string): { commonPrefix: string } | { key: string } | undefined {
  const text = Buffer.from(token, 'base64url').toString();
  if (text.startsWith('p')) return { commonPrefix: text.slice(1) };
  return text.startsWith('k') ? { key: text.slice(1) } : undefined;
}
