import { randomUUID } from 'node:crypto';

/**
 * ETag and size of an object that could not be looked at (missing, forbidden): listed all the same, so that fetching
 * it says why. Never equal to another ETag, so that nothing is ever skipped as unchanged because of it.
 */
export const unknownVersion = (): { etag: string; sizeBytes: number } => ({
  etag: `unknown-${randomUUID()}`,
  sizeBytes: 0,
});
