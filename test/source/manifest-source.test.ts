import { openSource, type SourceOptions } from '@tuhai/core/source/open-source';
import { UsageError } from '@tuhai/core/usage-error';
import test from 'ava';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { startFaultyS3 } from '../rig/faulty-s3.js';
import { sharedMoto } from '../rig/moto.js';
import { serviceTest } from '../rig/service-test.js';
import { failsWith } from './fails-with.js';
import { keysOf, objectsOf, pagesOf } from './list-all.js';
import { temporaryFolder } from './temporary-folder.js';

const s3 = {};
const s3Test = serviceTest('s3');
const limits = { bytesMax: 1_000, timeoutMs: 10_000 };
const body = async (fetched: Promise<{ bytes: Uint8Array }>): Promise<string> =>
  Buffer.from((await fetched).bytes).toString();

test('a list of keys: relative to itself, absolute, or as URIs, in its own order', async (t) => {
  const folder = await temporaryFolder(t, ['b.jpg', 'a/图 1.jpg', 'no-suffix', 'lists/placeholder']);
  const absolute = join(folder, 'a', '图 1.jpg');
  const keys = ['../b.jpg', absolute, pathToFileURL(absolute).href, '../no-suffix', '../missing.jpg'];
  const source = await openSource(await list(folder, 'lists/l.txt', `\uFEFF${keys.join('\r\n')}\r\n\r\n`), {
    s3,
  });
  const objects = await objectsOf(source);
  t.deepEqual(
    objects.map(({ key }) => key),
    keys,
  );
  t.is(await body(source.fetch('../b.jpg', limits)), 'b.jpg');
  t.is(await body(source.fetch(keys[2] ?? '', limits)), 'a/图 1.jpg');
  t.is(objects[0]?.etag, (await source.fetch('../b.jpg', limits)).etag);
  await failsWith(t, source.fetch('../missing.jpg', limits), 'not_found');
});

test('what is missing has another ETag every time, so that it never counts as unchanged', async (t) => {
  const folder = await temporaryFolder(t);
  const source = await openSource(await list(folder, 'l.txt', 'missing.jpg'), { s3 });
  const [first, second] = [await objectsOf(source), await objectsOf(source)];
  t.not(first[0]?.etag, second[0]?.etag);
});

test('a table: named columns, quotes, line breaks within them, and cursors that are lines', async (t) => {
  const content = 'id,path,etag,size\n1,"a, ""b"".jpg","""abc""",7\n\n2,"two\nlines.jpg",def,8\n3,c.jpg,,\n';
  const folder = await temporaryFolder(t, { 'c.jpg': 'ccc' });
  const source = await openSource(await list(folder, 'l.csv', content), { s3, manifest: { key: 'path' } });
  const [page] = await pagesOf(source);
  t.like(page?.objects, [
    { key: 'a, "b".jpg', etag: 'abc', sizeBytes: 7 },
    { key: 'two\nlines.jpg', etag: 'def', sizeBytes: 8 },
    { key: 'c.jpg', sizeBytes: 3 },
  ]);
  t.is(page?.objects.length, 3);
  t.is(page?.cursor, '6');
  t.deepEqual(await keysOf(source, { after: '2' }), ['two\nlines.jpg', 'c.jpg']);
  t.deepEqual(await keysOf(source, { after: '5' }), ['c.jpg']);
});

test('JSON lines: named fields', async (t) => {
  const lines = [{ image: { key: 1 }, file: 'a.jpg', hash: '"x"', bytes: 5 }, { file: '猫.jpg' }];
  const content = lines.map((line) => JSON.stringify(line)).join('\n\n');
  const folder = await temporaryFolder(t, { '猫.jpg': '1234' });
  const manifest = { key: 'file', etag: 'hash', size: 'bytes' };
  const source = await openSource(await list(folder, 'l.jsonl', content), { s3, manifest });
  t.like(await objectsOf(source), [
    { key: 'a.jpg', etag: 'x', sizeBytes: 5 },
    { key: '猫.jpg', sizeBytes: 4 },
  ]);
});

test('a base takes relative keys elsewhere, and makes keys that need no base', async (t) => {
  const folder = await temporaryFolder(t, ['pictures/a.jpg']);
  const path = await list(folder, 'l.txt', 'a.jpg');
  const based = await openSource(path, { s3, manifest: { base: join(folder, 'pictures') } });
  const key = join(folder, 'pictures', 'a.jpg');
  t.deepEqual(await keysOf(based), [key]);
  const reopened = await openSource(based.uri, { s3 });
  t.is(await body(reopened.fetch(key, limits)), 'pictures/a.jpg');
});

test('pages hold a thousand; a key that comes twice in one is listed once; listing can be taken up', async (t) => {
  const keys = Array.from({ length: 2_500 }, (_, index) => `${index}.jpg`);
  const folder = await temporaryFolder(t);
  const content = ['key,etag', ...keys.map((key) => `${key},e`), '2499.jpg,e'].join('\n');
  const source = await openSource(await list(folder, 'l.csv', content), { s3 });
  const pages = await pagesOf(source);
  t.deepEqual(
    pages.map(({ objects }) => objects.length),
    [1_000, 1_000, 500],
  );
  t.deepEqual(await keysOf(source, { after: pages[1]?.cursor ?? '' }), keys.slice(2_000));
  await t.throwsAsync(keysOf(source, { after: 'a.jpg' }), { instanceOf: UsageError, message: /line number/ });
});

const malformed: Record<string, { name: string; content: string | Uint8Array; message: RegExp }> = {
  'no such column': {
    name: 'l.csv',
    content: 'path,size\na.jpg,1\n',
    message: /l\.csv:1: .*"key".*path, size/,
  },
  'a row too short': { name: 'l.csv', content: 'id,key\n1,a.jpg\n2\n', message: /l\.csv:3: / },
  'a quote left open': { name: 'l.csv', content: 'key\n"a.jpg\n', message: /l\.csv:\d: / },
  'an empty key': { name: 'l.csv', content: 'id,key\n1,a.jpg\n2,\n', message: /l\.csv:3: the key is empty/ },
  'no size': {
    name: 'l.csv',
    content: 'key,size\na.jpg,large\n',
    message: /l\.csv:2: "large" is not a size/,
  },
  'no JSON': {
    name: 'l.jsonl',
    content: '{"key":"a.jpg"}\n{"key":\n',
    message: /l\.jsonl:2: this is not JSON/,
  },
  'no object': { name: 'l.jsonl', content: '["a.jpg"]', message: /l\.jsonl:1: a JSON object is expected/ },
  'no such field': {
    name: 'l.jsonl',
    content: '{"key":"a.jpg"}\n\n{"path":"b.jpg"}',
    message: /l\.jsonl:3: .*"key"/,
  },
  'half a character': {
    name: 'l.jsonl',
    content: String.raw`{"key":"\ud83d.jpg"}`,
    message: /l\.jsonl:1: .*not text/,
  },
  'a NUL': { name: 'l.txt', content: 'a.jpg\nb\0.jpg\n', message: /l\.txt:2: .*not text/ },
  'no bucket': { name: 'l.txt', content: 'a.jpg\ns3://\n', message: /l\.txt:2: .*names no bucket/ },
  'an endless line': {
    name: 'l.txt',
    content: 'x'.repeat(200_000),
    message: /l\.txt:1: the line is too long/,
  },
  GBK: { name: 'l.txt', content: Uint8Array.of(0xc3, 0xa8, 0x2e, 0xc3), message: /l\.txt is not UTF-8/ },
};

for (const [title, { name, content, message }] of Object.entries(malformed)) {
  test(`malformed, ${title}: says where`, async (t) => {
    const source = await openSource(join(await temporaryFolder(t, { [name]: content }), name), { s3 });
    await t.throwsAsync(keysOf(source), { instanceOf: UsageError, message });
  });
}

s3Test('a manifest on S3 names objects beside it, of its bucket, or of another', async (t) => {
  const moto = await sharedMoto();
  await moto.createBucket('elsewhere', { 'e.jpg': 'e' });
  await moto.createBucket('manifests', {
    'lists/l.txt': 'a%20b.jpg\n/top.jpg\ns3://elsewhere/e.jpg\nmissing.jpg\n',
    'lists/a%20b.jpg': 'beside',
    'top.jpg': 'top',
  });
  const source = await openSource('s3://manifests/lists/l.txt', { s3: moto.settings });
  const objects = await objectsOf(source);
  t.deepEqual(
    objects.map(({ key, sizeBytes }) => [key, sizeBytes]),
    [
      ['a%20b.jpg', 6],
      ['/top.jpg', 3],
      ['s3://elsewhere/e.jpg', 1],
      ['missing.jpg', 0],
    ],
  );
  t.is(await body(source.fetch('a%20b.jpg', limits)), 'beside');
  t.is(await body(source.fetch('/top.jpg', limits)), 'top');
  t.is(await body(source.fetch('s3://elsewhere/e.jpg', limits)), 'e');
  t.is((await source.fetch('/top.jpg', limits)).etag, objects[1]?.etag ?? '');
  await failsWith(t, source.fetch('missing.jpg', limits), 'not_found');
});

s3Test('a local manifest with a base on S3', async (t) => {
  const moto = await sharedMoto();
  await moto.createBucket('based', { 'p/a.jpg': 'a' });
  const folder = await temporaryFolder(t, { 'l.txt': 'a.jpg' });
  const options: SourceOptions = { s3: moto.settings, manifest: { base: 's3://based/p' } };
  const source = await openSource(join(folder, 'l.txt'), options);
  t.deepEqual(await keysOf(source), ['s3://based/p/a.jpg']);
  t.is(await body(source.fetch('s3://based/p/a.jpg', limits)), 'a');
});

s3Test('a manifest on S3 cannot make a worker read its own disk', async (t) => {
  const moto = await sharedMoto();
  await moto.createBucket('hostile', { 'l.txt': 'a.jpg\nfile:///etc/passwd\n' });
  const source = await openSource('s3://hostile/l.txt', { s3: moto.settings });
  const message = /s3:\/\/hostile\/l\.txt:2: .*cannot name local files/;
  await t.throwsAsync(keysOf(source), { instanceOf: UsageError, message });
  await t.throwsAsync(source.fetch('file:///etc/passwd', limits), { instanceOf: UsageError });
  await failsWith(t, source.fetch('/etc/passwd', limits), 'not_found');
  const options: SourceOptions = { s3: moto.settings, manifest: { base: '/etc' } };
  await t.throwsAsync(openSource('s3://hostile/l.txt', options), { instanceOf: UsageError, message: /base/ });
});

s3Test('a manifest whose connection breaks is read on from where it broke', async (t) => {
  const moto = await sharedMoto();
  const keys = Array.from({ length: 20_000 }, (_, index) => `${index}-${'x'.repeat(40)}.jpg`);
  await moto.createBucket('breaks', { 'l.csv': `key,etag\n${keys.map((key) => `${key},e`).join('\n')}` });
  let opened = 0;
  const proxy = await startFaultyS3({
    target: moto.endpoint,
    fault: () => (++opened <= 2 ? { kind: 'cut', afterBytes: opened * 300_000 } : undefined),
  });
  t.teardown(proxy.stop);
  const source = await openSource('s3://breaks/l.csv', {
    s3: { ...moto.settings, endpoint: proxy.endpoint },
  });
  t.deepEqual(await keysOf(source), keys);
  t.is(opened, 3);
});

s3Test('a manifest that is not there is named', async (t) => {
  const moto = await sharedMoto();
  await moto.createBucket('bare');
  const source = await openSource('s3://bare/l.csv', { s3: moto.settings });
  await t.throwsAsync(keysOf(source), { instanceOf: UsageError, message: /s3:\/\/bare\/l\.csv .*NoSuchKey/ });
});

async function list(folder: string, name: string, content: string): Promise<string> {
  await writeFile(join(folder, name), content);
  return join(folder, name);
}
