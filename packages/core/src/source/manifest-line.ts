/** One object that a manifest names. */
export interface ManifestLine {
  /** Number of the (last) line in the file, from 1. */
  line: number;
  key: string;
  etag: string | undefined;
  sizeBytes: number | undefined;
}
