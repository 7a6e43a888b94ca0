import type { ItemFailure } from './item-failure.js';

/** One image at a source, as the listing saw it. */
export interface ObjectRef {
  /** Unique within its source: the S3 key, or the path relative to the folder, with `/`. */
  key: string;
  /** Changes whenever the bytes may have changed: the S3 ETag without quotes, or `size-mtime` of a file. */
  etag: string;
  sizeBytes: number;
}

/** What became of one member of a batch. A batch answers with one outcome for each member, in their order. */
export type Outcome<T> =
  | { object: ObjectRef; ok: true; value: T }
  | { object: ObjectRef; ok: false; failure: ItemFailure };
