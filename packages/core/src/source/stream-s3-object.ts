import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { Readable } from 'node:stream';
import type { S3Address } from './s3-objects.js';
import { withDeadline } from './with-deadline.js';

const chunkTimeoutMs = 60_000;

/**
 * The bytes of one object as they come, however long the reader takes between them.
 * @param version ETags as S3 quotes them: `expected` makes S3 refuse another version, `onOpen` tells which one came
 * @throws errors of the SDK and of sockets as they are, see s3Failure; ItemFailure timeout
 */
export async function* streamS3Object(
  client: S3Client,
  { bucket, key }: S3Address,
  version: { expected: string | undefined; onOpen: (etag: string | undefined) => void },
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const command = new GetObjectCommand({
    Bucket: bucket,
    Key: key,
    ...(version.expected === undefined ? {} : { IfMatch: version.expected }),
  });
  const deadline = { timeoutMs: chunkTimeoutMs, what: `reading s3://${bucket}/${key}`, signal };
  const answer = await withDeadline(deadline, (abortSignal) => client.send(command, { abortSignal }));
  version.onOpen(answer.ETag);
  const body = answer.Body as Readable;
  const chunks: AsyncIterator<Uint8Array> = body[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await withDeadline(deadline, () => chunks.next());
      if (next.done) return;
      yield next.value;
    }
  } finally {
    body.destroy();
  }
}
