/** Which fields of a manifest's lines say what. */
export interface ManifestColumns {
  /** Default `key`. */
  key: string;
  /** The ETag as the store answers it (of a file: `size-mtimeNs`). Default `etag`; may be absent. */
  etag: string;
  /** Bytes. Default `size`; may be absent. */
  size: string;
}

export const defaultManifestColumns: ManifestColumns = { key: 'key', etag: 'etag', size: 'size' };
