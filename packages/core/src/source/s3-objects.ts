import { GetObjectCommand, HeadObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { ItemFailure } from '../item-failure.js';
import { readBody } from './read-body.js';
import { s3Failure } from './s3-failure.js';
import { signedGet } from './s3-signed-get.js';
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
      const answer = await getObject(client, { bucket, key }, abortSignal);
      const bytes = await readBody(answer.body, {
        bytesMax,
        announcedBytes: answer.contentLength,
        signal: abortSignal,
      });
      return { bytes, etag: objectEtag({ ...answer, sizeBytes: bytes.length }) };
    } catch (error) {
      throw s3Failure(error);
    }
  });
}

interface GetAnswer {
  body: Readable;
  contentLength: number | undefined;
  ETag: string | undefined;
  LastModified: Date | undefined;
}

/** The plain way first; whatever but the object comes of it is the first attempt of the SDK, which knows what to do. */
async function getObject(client: S3Client, address: S3Address, abortSignal: AbortSignal): Promise<GetAnswer> {
  const first = await signedGet(client, address, abortSignal).catch((error: Error) => error);
  abortSignal.throwIfAborted();
  if (first && !(first instanceof Error) && first.statusCode === 200) return plainAnswer(first);
  const command = new GetObjectCommand({ Bucket: address.bucket, Key: address.key });
  if (first) answerFirstAttempt(command, first);
  const answer = await client.send(command, { abortSignal });
  if (!answer.Body) throw new ItemFailure('source_unavailable', 'an answer without a body came');
  return { ...answer, body: answer.Body as Readable, contentLength: answer.ContentLength } as GetAnswer;
}

function plainAnswer(answer: IncomingMessage): GetAnswer {
  const { 'content-length': length, etag, 'last-modified': modified } = answer.headers;
  return {
    body: answer,
    contentLength: length === undefined ? undefined : Number(length),
    ETag: etag,
    // Reading a date takes longer than all the rest here.
    LastModified: etag || modified === undefined ? undefined : new Date(modified),
  };
}

/** So that a request is judged, counted and repeated as if the SDK itself had sent it. */
function answerFirstAttempt(command: GetObjectCommand, first: IncomingMessage | Error): void {
  let isFirst = true;
  command.middlewareStack.add(
    (next) => async (args) => {
      if (!isFirst) return next(args);
      isFirst = false;
      if (first instanceof Error) throw first;
      const { statusCode, headers } = first;
      return { response: { statusCode, headers, body: first }, output: undefined as never };
    },
    { step: 'deserialize', priority: 'low', name: 'answerFirstAttempt' },
  );
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
