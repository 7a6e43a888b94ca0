import type { ObjectRef } from '../outcome.js';

/** Where images are: a bucket prefix, a folder or a manifest. */
export interface Source {
  /** Canonical and without secrets; images are unique by (uri, key). */
  readonly uri: string;
  /** A manifest may name an object twice; a run takes it once. */
  readonly mayRepeatKeys?: boolean;
  /**
   * Every object after `after` (exclusive; a cursor of an earlier page), in pages of at most 1,000.
   * The order is the same every time, so that a listing can be taken up again.
   * Objects that are no images by name (see `suffixes`) are left out.
   */
  list(options?: { after?: string; signal?: AbortSignal }): AsyncIterable<ListPage>;
  /**
   * The object's bytes, at most `bytesMax` of them.
   * @throws {ItemFailure} not_found, access_denied, too_large, throttled, timeout, source_unavailable
   */
  fetch(
    key: string,
    options: { bytesMax: number; timeoutMs: number; signal?: AbortSignal },
  ): Promise<Fetched>;
}

export interface ListPage {
  objects: ObjectRef[];
  /** Give it to `list({ after })` to go on after this page. */
  cursor: string;
}

export interface Fetched {
  bytes: Uint8Array;
  /** ETag of the bytes that came, which may be newer than the listing's. */
  etag: string;
}
