import { ListObjectsV2Command, type ListObjectsV2CommandOutput, type S3Client } from '@aws-sdk/client-s3';
import type { ObjectRef } from '../outcome.js';
import { suffixFilter } from './image-suffixes.js';
import { s3Client, s3EndpointName } from './s3-client.js';
import { s3ListingError } from './s3-failure.js';
import { fetchS3Object, objectEtag, type S3Address } from './s3-objects.js';
import type { S3Settings } from './s3-settings.js';
import type { ListPage, Source } from './source.js';
import { withDeadline } from './with-deadline.js';

const pageTimeoutMs = 60_000;

/**
 * The objects of a bucket whose keys begin with a prefix. Keys are whole S3 keys, in S3's order; the cursor is the last
 * key of a page. `folder/` placeholders are left out. Opening asks nothing of the service.
 * @throws {UsageError} from `list`: no such bucket, wrong credentials, nobody at the endpoint
 * @throws {SourceError} from `list`: the service fails
 */
export function openS3Source(
  { bucket, key: prefix }: S3Address,
  options: { s3: S3Settings; suffixes: readonly string[] },
): Source {
  const client = s3Client(options.s3);
  const isWanted = suffixFilter(options.suffixes);
  const endpoint = s3EndpointName(options.s3);

  async function* list({
    after,
    signal,
  }: { after?: string; signal?: AbortSignal } = {}): AsyncGenerator<ListPage> {
    let position: Position | undefined = { startAfter: after, token: undefined };
    for (let isStart = true; position; isStart = false) {
      let answer: ListObjectsV2CommandOutput;
      try {
        answer = await listPage(client, { bucket, prefix, position, signal });
      } catch (error) {
        signal?.throwIfAborted();
        throw s3ListingError(error, { tried: `list bucket "${bucket}" at ${endpoint}`, isStart });
      }
      const objects = listedObjects(answer);
      const cursor = objects.at(-1)?.key;
      if (cursor !== undefined) {
        const wanted = objects.filter(({ key }) => !key.endsWith('/') && isWanted(key));
        yield { objects: wanted, cursor };
      }
      position = nextPosition(answer, cursor);
    }
  }

  return {
    uri: `s3://${bucket}${prefix === '' ? '' : `/${prefix}`}`,
    list,
    fetch: (key, fetchOptions) => fetchS3Object(client, { bucket, key }, fetchOptions),
  };
}

interface Position {
  startAfter: string | undefined;
  token: string | undefined;
}

function listPage(
  client: S3Client,
  options: { bucket: string; prefix: string; position: Position; signal: AbortSignal | undefined },
): Promise<ListObjectsV2CommandOutput> {
  const { bucket, prefix, position, signal } = options;
  const command = new ListObjectsV2Command({
    Bucket: bucket,
    MaxKeys: 1000,
    // Keys may hold characters that XML cannot.
    EncodingType: 'url',
    ...(prefix === '' ? {} : { Prefix: prefix }),
    ...(position.token === undefined ? {} : { ContinuationToken: position.token }),
    ...(position.startAfter === undefined ? {} : { StartAfter: position.startAfter }),
  });
  return withDeadline({ timeoutMs: pageTimeoutMs, what: 'the listing', signal }, (abortSignal) =>
    client.send(command, { abortSignal }),
  );
}

function listedObjects(answer: ListObjectsV2CommandOutput): ObjectRef[] {
  const decode = answer.EncodingType === 'url' ? urlDecoded : (key: string) => key;
  return (answer.Contents ?? []).map((content) => ({
    key: decode(content.Key ?? ''),
    etag: objectEtag({ ...content, sizeBytes: content.Size }),
    sizeBytes: content.Size ?? 0,
  }));
}

/** A token is asked for first: a page may be empty and not the last, where many deleted versions lie. */
function nextPosition(answer: ListObjectsV2CommandOutput, cursor: string | undefined): Position | undefined {
  if (!answer.IsTruncated) return undefined;
  const token = answer.NextContinuationToken;
  if (token !== undefined) return { token, startAfter: undefined };
  return cursor === undefined ? undefined : { token, startAfter: cursor };
}

const urlDecoded = (key: string): string => decodeURIComponent(key.replaceAll('+', ' '));
