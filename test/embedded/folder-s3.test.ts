import { mkdirSync, mkdtempSync, rmSync, symlinkSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import {
  GetObjectCommand,
  type GetObjectCommandInput,
  HeadBucketCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  paginateListObjectsV2,
  PutObjectCommand,
  DeleteObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import test, { type ExecutionContext } from 'ava';
import { compareUtf8 } from '@tuhai/core/source/utf8-order';
import { startFolderS3 } from '@tuhai/cli/embedded/s3/folder-s3';

const Bucket = 'pictures';

async function folder(t: ExecutionContext, files: Record<string, string | Buffer>) {
  const directory = mkdtempSync(join(tmpdir(), 'tuhai-s3-'));
  for (const [key, content] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, key)), { recursive: true });
    writeFileSync(join(directory, key), content);
  }
  const { endpoint, close } = await startFolderS3({ directory, bucket: Bucket });
  const credentials = { accessKeyId: 'any', secretAccessKey: 'any' };
  const s3 = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials });
  t.teardown(async () => {
    s3.destroy();
    await close();
    rmSync(directory, { recursive: true });
  });
  const get = (Key: string, input: Partial<GetObjectCommandInput> = {}) =>
    s3.send(new GetObjectCommand({ Bucket, Key, ...input }));
  return { directory, endpoint, s3, get };
}

test('2,500 files in three pages, sorted, each once; by prefix and delimiter', async (t) => {
  const keys = Array.from({ length: 2_500 }, (_, index) => `第${index % 7}夹/${index}\u{1f600}.jpg`);
  const { s3 } = await folder(t, Object.fromEntries(keys.map((key) => [key, key])));
  const listed: string[] = [];
  let pages = 0;
  for await (const page of paginateListObjectsV2({ client: s3 }, { Bucket })) {
    pages++;
    listed.push(...(page.Contents ?? []).map(({ Key }) => Key!));
  }
  t.is(pages, 3);
  t.deepEqual(listed, keys.toSorted(compareUtf8));
  const folders = await s3.send(new ListObjectsV2Command({ Bucket, Delimiter: '/', MaxKeys: 5 }));
  t.deepEqual(
    folders.CommonPrefixes,
    [0, 1, 2, 3, 4].map((index) => ({ Prefix: `第${index}夹/` })),
  );
  t.true(folders.IsTruncated);
  const third = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: '第3夹/', StartAfter: '第3夹/2' }));
  t.is(
    third.KeyCount,
    keys.filter((key) => key.startsWith('第3夹/') && compareUtf8(key, '第3夹/2') > 0).length,
  );
  t.is(third.Contents?.[0]?.Size, Buffer.byteLength(third.Contents![0]!.Key!));
});

test('odd characters in keys, plain and url-encoded', async (t) => {
  const keys = [
    '&<>+% .png',
    '%2F',
    'a b/c+d',
    'line\nbreak\r',
    '"\'',
    '图片/猫 (1).jpg',
    'e\u0301',
    '..hidden',
    '#?',
  ];
  const { s3, get } = await folder(t, Object.fromEntries(keys.map((key) => [key, `of ${key}`])));
  const plain = await s3.send(new ListObjectsV2Command({ Bucket }));
  t.deepEqual(
    plain.Contents?.map(({ Key }) => Key),
    keys.toSorted(compareUtf8),
  );
  const encoded = await s3.send(new ListObjectsV2Command({ Bucket, EncodingType: 'url', Prefix: '&<>+% ' }));
  t.deepEqual(
    encoded.Contents?.map(({ Key }) => decodeURIComponent(Key!)),
    ['&<>+% .png'],
  );
  for (const key of keys) t.is(await (await get(key)).Body?.transformToString(), `of ${key}`);
});

test('ETag, dates, ranges and conditions', async (t) => {
  const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, index) => index % 251));
  const { s3, get, directory } = await folder(t, { 'a.bin': bytes, empty: '' });
  const whole = await get('a.bin');
  t.deepEqual(Buffer.from(await whole.Body!.transformToByteArray()), bytes);
  const listed = await s3.send(new ListObjectsV2Command({ Bucket }));
  t.is(listed.Contents?.[0]?.ETag, whole.ETag);
  t.regex(whole.ETag ?? '', /^"[^"]+"$/);
  t.is((await get('empty')).ContentLength, 0);
  const head = await s3.send(new HeadObjectCommand({ Bucket, Key: 'a.bin' }));
  t.like(head, {
    ContentLength: 300_000,
    ETag: whole.ETag!,
    LastModified: listed.Contents![0]!.LastModified!,
  });
  await t.throwsAsync(s3.send(new HeadObjectCommand({ Bucket, Key: 'none' })), { name: 'NotFound' });
  const ranges = {
    'bytes=0-9': [0, 10],
    'bytes=299990-': [299_990, 300_000],
    'bytes=-5': [299_995, 300_000],
  };
  for (const [Range, [start, end]] of Object.entries(ranges)) {
    const part = await get('a.bin', { Range });
    t.is(part.$metadata.httpStatusCode, 206);
    t.is(part.ContentRange, `bytes ${start}-${end! - 1}/300000`);
    t.deepEqual(Buffer.from(await part.Body!.transformToByteArray()), bytes.subarray(start, end));
  }
  await t.throwsAsync(get('a.bin', { Range: 'bytes=300000-' }), { name: 'InvalidRange' });
  await t.throwsAsync(get('empty', { Range: 'bytes=0-0' }), { name: 'InvalidRange' });
  await t.notThrowsAsync(
    get('a.bin', { IfMatch: whole.ETag }).then(({ Body }) => Body?.transformToByteArray()),
  );
  await t.throwsAsync(get('a.bin', { IfMatch: '"other"' }), { name: 'PreconditionFailed' });
  const unchanged = await t.throwsAsync(get('a.bin', { IfNoneMatch: whole.ETag }));
  t.is((unchanged as unknown as { $metadata: { httpStatusCode: number } }).$metadata.httpStatusCode, 304);
  utimesSync(join(directory, 'a.bin'), 1_700_000_000, 1_700_000_000);
  const touched = await get('a.bin', { IfNoneMatch: whole.ETag });
  t.is(touched.LastModified?.getTime(), 1_700_000_000_000);
  await touched.Body?.transformToByteArray();
});

test('errors are S3’s own', async (t) => {
  const { s3, get, directory, endpoint } = await folder(t, { 'a/b.jpg': 'b', gone: '' });
  symlinkSync('/etc/passwd', join(directory, 'outside'));
  symlinkSync(join(directory, 'a', 'b.jpg'), join(directory, 'inside'));
  symlinkSync('/etc', join(directory, 'folder'));
  await t.notThrowsAsync(s3.send(new HeadBucketCommand({ Bucket })));
  t.is(await (await get('inside')).Body?.transformToString(), 'b');
  for (const key of ['none', 'a', 'a/b.jpg/c', 'x'.repeat(300)]) {
    await t.throwsAsync(get(key), { name: 'NoSuchKey' }, key);
  }
  for (const key of ['outside', 'folder/passwd'])
    await t.throwsAsync(get(key), { name: 'AccessDenied' }, key);
  await t.throwsAsync(get('a', { Bucket: 'other' }), { name: 'NoSuchBucket' });
  await t.throwsAsync(s3.send(new PutObjectCommand({ Bucket, Key: 'new', Body: 'x' })), {
    name: 'MethodNotAllowed',
  });
  await t.throwsAsync(s3.send(new DeleteObjectCommand({ Bucket, Key: 'gone' })), {
    name: 'MethodNotAllowed',
  });
  const listed = await s3.send(new ListObjectsV2Command({ Bucket }));
  t.deepEqual(
    listed.Contents?.map(({ Key }) => Key),
    ['a/b.jpg', 'gone', 'inside', 'outside'],
  );
  unlinkSync(join(directory, 'gone'));
  await t.throwsAsync(get('gone'), { name: 'NoSuchKey' });
  await t.throwsAsync(s3.send(new ListObjectsV2Command({ Bucket, ContinuationToken: 'x' })), {
    name: 'InvalidArgument',
  });
  // Paths that clients would resolve or not send.
  const raw = {
    'a/../../etc/passwd': 403,
    '%2e%2e/%2e%2e/etc/passwd': 403,
    'a//b.jpg': 404,
    './gone': 404,
    '%ff': 400,
  };
  for (const [path, status] of Object.entries(raw))
    t.is(await rawGet(endpoint, `/pictures/${path}`), status, path);
});

async function rawGet(endpoint: string, path: string): Promise<number> {
  const { hostname, port } = new URL(endpoint);
  return new Promise((resolve, reject) => {
    request({ hostname, port, path }, (response) => resolve(response.resume().statusCode ?? 0))
      .on('error', reject)
      .end();
  });
}
