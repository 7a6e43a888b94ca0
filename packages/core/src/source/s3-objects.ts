import { GetObjectCommand, HeadObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { Readable } from 'node:stream';
import { ItemFailure } from '../item-failure.js';
import { readBody } from './read-body.js';
import { s3Failure } from './s3-failure.js';
import type { Fetched } from './source.js';
import { withDeadline } from './with-deadline.js';

const headTimeoutMs = 30_000;

export interface S3Address {
  bucket: string;
  key: string;
}

/**
 * The bytes of one object.
 * @throws {ItemFailure} not_found, access_denied, too_large, throttled, timeout, source_unavailable
 */
export async function fetchS3Object(
  client: S3Client,
  { bucket, key }: S3Address,
  options: { bytesMax: number; timeoutMs: number; signal?: AbortSignal },
): Promise<Fetched> {
  const { bytesMax, timeoutMs, signal } = options;
  return withDeadline({ timeoutMs, what: 'fetching', signal }, async (abortSignal) => {
    try {
      const answer = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }), { abortSignal });
      if (!answer.Body) throw new ItemFailure('source_unavailable', 'an answer without a body came');
      const bytes = await readBody(answer.Body as Readable, {
        bytesMax,
        announcedBytes: answer.ContentLength,
        signal: abortSignal,
      });
      return { bytes, etag: objectEtag({ ...answer, sizeBytes: bytes.length }) };
    } catch (error) {
      throw s3Failure(error);
    }
  });
}

/**
 * ETag and size of one object.
 * @throws {ItemFailure} as fetchS3Object
 */
export async function statS3Object(
  client: S3Client,
  { bucket, key }: S3Address,
  signal?: AbortSignal,
): Promise<{ etag: string; sizeBytes: number }> {
  return withDeadline({ timeoutMs: headTimeoutMs, what: 'asking for it', signal }, async (abortSignal) => {
    try {
      const answer = await client.send(new HeadObjectCommand({ Bucket: bucket, Key: key }), { abortSignal });
      const sizeBytes = answer.ContentLength ?? 0;
      return { etag: objectEtag({ ...answer, sizeBytes }), sizeBytes };
    } catch (error) {
      throw s3Failure(error);
    }
  });
}

/**
 * What changes whenever the object may have changed: its ETag without the quotes in which it travels (and without `W/`,
 * which says nothing about objects), or size and second of change where a service has no ETags, as gateways to
 * folders do.
 */
export function objectEtag(object: {
  ETag?: string | undefined;
  LastModified?: Date | undefined;
  sizeBytes: number | undefined;
}): string {
  const etag = (object.ETag ?? '').replace(/^W\//, '').replaceAll('"', '');
  if (etag !== '') return etag;
  return `${object.sizeBytes ?? 0}-${Math.floor((object.LastModified?.getTime() ?? 0) / 1000)}`;
}
