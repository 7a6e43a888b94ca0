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
      return { bytes, etag: plainEtag(answer.ETag) };
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
      return { etag: plainEtag(answer.ETag), sizeBytes: answer.ContentLength ?? 0 };
    } catch (error) {
      throw s3Failure(error);
    }
  });
}

/** ETags travel in quotes, and weak ones behind `W/`, which says nothing about S3 objects. */
export const plainEtag = (etag: string | undefined): string =>
  (etag ?? '').replace(/^W\//, '').replaceAll('"', '');
