import { Problem } from './problem.js';

/** A cursor is opaque to clients: the position after the page's last item, as JSON in base64url. */
export const encodeCursor = (position: string | number): string =>
  Buffer.from(JSON.stringify(position)).toString('base64url');

/** @throws {Problem} when the cursor is none of ours. */
export function decodeCursor<T extends 'string' | 'number'>(
  cursor: string,
  kind: T,
): T extends 'string' ? string : number {
  const position = parse(Buffer.from(cursor, 'base64url').toString());
  const isUsable =
    kind === 'number' ? isRowId(position) : typeof position === 'string' && !position.includes('\0');
  if (!isUsable)
    throw new Problem('invalid_request', 'query/cursor is not the nextCursor of a page of this list');
  return position as T extends 'string' ? string : number;
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

const isRowId = (position: unknown): boolean =>
  Number.isInteger(position) && (position as number) > 0 && (position as number) < 2 ** 31;

/**
 * Cuts a list that was asked for with one item more than the page holds.
 * @param positionOf where the page after this item begins
 */
export function cutPage<T>(
  items: readonly T[],
  limit: number,
  positionOf: (item: T) => string | number,
): { items: T[]; nextCursor?: string } {
  const page = items.slice(0, limit);
  const last = page.at(-1);
  if (items.length <= limit || last === undefined) return { items: page };
  return { items: page, nextCursor: encodeCursor(positionOf(last)) };
}
