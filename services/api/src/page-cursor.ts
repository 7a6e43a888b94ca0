import { Type, type Static } from 'typebox';
import { Check } from 'typebox/value';
import { imageId, keyLengthMax, runId, text } from './api-schemas.js';
import { Problem } from './problem.js';

/** A cursor is opaque to clients: the position after the page's last item, as JSON in base64url. */
export const encodeCursor = (position: Positions[keyof Positions]): string =>
  Buffer.from(JSON.stringify(position)).toString('base64url');

/** What a page can end at: a row's id, a key, or an image's id below its probability. */
const positions = {
  number: runId,
  string: text({ maxLength: keyLengthMax }),
  image: Type.Object(
    { id: imageId, probability: Type.Optional(Type.Number()) },
    { additionalProperties: false },
  ),
};
type Positions = { [K in keyof typeof positions]: Static<(typeof positions)[K]> };

/** @throws {Problem} when the cursor is none of ours. */
export function decodeCursor<K extends keyof Positions>(cursor: string, kind: K): Positions[K] {
  const position = parse(Buffer.from(cursor, 'base64url').toString());
  if (!Check(positions[kind], position))
    throw new Problem('invalid_request', 'query/cursor is not the nextCursor of a page of this list');
  return position as Positions[K];
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

/**
 * Cuts a list that was asked for with one item more than the page holds.
 * @param positionOf where the page after this item begins
 */
export function cutPage<T>(
  items: readonly T[],
  limit: number,
  positionOf: (item: T) => Positions[keyof Positions],
): { items: T[]; nextCursor?: string } {
  const page = items.slice(0, limit);
  const last = page.at(-1);
  if (items.length <= limit || last === undefined) return { items: page };
  return { items: page, nextCursor: encodeCursor(positionOf(last)) };
}
