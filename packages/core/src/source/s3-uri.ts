import { UsageError } from '../usage-error.js';
import type { S3Address } from './s3-objects.js';

export const isS3Uri = (text: string): boolean => /^s3:\/\//i.test(text);

/**
 * Bucket and key (or prefix) of `s3://bucket/key`. Keys are taken as they stand: nothing is decoded or normalised.
 * @throws {UsageError} without a bucket
 */
export function parseS3Uri(uri: string): S3Address {
  const rest = uri.slice('s3://'.length);
  const slash = rest.indexOf('/');
  const bucket = slash === -1 ? rest : rest.slice(0, slash);
  // As S3 has it, with the capitals and underscores of old and foreign buckets.
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{1,254}$/.test(bucket)) {
    throw new UsageError(`"${uri}" names no bucket: s3://bucket or s3://bucket/prefix is expected`);
  }
  return { bucket, key: slash === -1 ? '' : rest.slice(slash + 1) };
}
