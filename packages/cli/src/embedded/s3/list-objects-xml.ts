import { objectFacts } from './folder-bucket.js';
import { keyPage } from './key-page.js';
import { S3Error } from './s3-error.js';
import { xmlDocument, type XmlFields } from './s3-xml.js';

const maxKeysMax = 1000;

/**
 * Answers ListObjectsV2: https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
 * @param listing.keys all keys of the bucket, sorted
 * @throws S3Error for parameters that S3 refuses too
 */
export async function listObjectsXml(listing: {
  directory: string;
  bucket: string;
  keys: readonly string[];
  query: URLSearchParams;
}): Promise<string> {
  const { directory, bucket, keys, query } = listing;
  if (query.get('list-type') !== '2') throw new S3Error('NotImplemented', 'Only ListObjectsV2 is supported.');
  const encodingType = query.get('encoding-type') ?? '';
  if (encodingType !== '' && encodingType !== 'url')
    throw new S3Error('InvalidArgument', 'Invalid Encoding Method');
  // Spaces as %20, which decoders of both URLs and forms understand.
  const encoded = (text: string): string =>
    encodingType === 'url' ? encodeURIComponent(text).replaceAll('%2F', '/') : text;
  const maxKeys = readMaxKeys(query.get('max-keys'));
  const prefix = query.get('prefix') ?? '';
  const delimiter = query.get('delimiter') ?? '';
  const startAfter = query.get('start-after') ?? '';
  const token = query.get('continuation-token') ?? undefined;
  const page = keyPage(keys, { prefix, delimiter, maxKeys, startAfter, token });
  if (!page) throw new S3Error('InvalidArgument', 'The continuation token provided is incorrect');
  const contents = await Promise.all(page.keys.map((key) => contentFields(directory, key, encoded)));
  return xmlDocument('ListBucketResult', {
    Name: bucket,
    Prefix: encoded(prefix),
    ...(delimiter ? { Delimiter: encoded(delimiter) } : {}),
    ...(startAfter ? { StartAfter: encoded(startAfter) } : {}),
    ...(encodingType ? { EncodingType: encodingType } : {}),
    ...(token === undefined ? {} : { ContinuationToken: token }),
    KeyCount: page.keys.length + page.commonPrefixes.length,
    MaxKeys: maxKeys,
    IsTruncated: page.nextToken !== undefined,
    ...(page.nextToken === undefined ? {} : { NextContinuationToken: page.nextToken }),
    // A file that went since its name was read is not listed.
    Contents: contents.filter((fields) => fields !== undefined),
    CommonPrefixes: page.commonPrefixes.map((one) => ({ Prefix: encoded(one) })),
  });
}

async function contentFields(
  directory: string,
  key: string,
  encoded: (text: string) => string,
): Promise<XmlFields | undefined> {
  const facts = await objectFacts(directory, key);
  return (
    facts && {
      Key: encoded(key),
      LastModified: facts.lastModified.toISOString(),
      ETag: facts.etag,
      Size: facts.sizeBytes,
      StorageClass: 'STANDARD',
    }
  );
}

function readMaxKeys(text: string | null): number {
  if (text === null) return maxKeysMax;
  if (!/^\d+$/.test(text))
    throw new S3Error('InvalidArgument', 'Provided max-keys not an integer or within range');
  return Math.min(Number(text), maxKeysMax);
}
