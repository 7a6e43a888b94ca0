import type { FailureCode } from '@tuhai/core/item-failure';
import { openSource } from '@tuhai/core/source/open-source';
import { SourceError } from '@tuhai/core/source/source-error';
import type { Source } from '@tuhai/core/source/source';
import { UsageError } from '@tuhai/core/usage-error';
import test, { type ExecutionContext } from 'ava';
import { type Fault, type S3Request, startFaultyS3 } from '../rig/faulty-s3.js';
import { freePort } from '../rig/free-port.js';
import { sharedMoto } from '../rig/moto.js';
import { serviceTest } from '../rig/service-test.js';
import { failsWith } from './fails-with.js';
import { keysOf, objectsOf, pagesOf } from './list-all.js';

const s3Test = serviceTest('s3');
const limits = { bytesMax: 1_000, timeoutMs: 10_000 };

s3Test('keys come back in S3’s order, whatever characters they have, and can be fetched', async (t) => {
  const moto = await sharedMoto();
  const keys = [
    'a b+c%2B.jpg',
    'a//b.PNG',
    'a/b.jpg',
    '图/猫 & 狗.webp',
    'x\u0001y.jpg',
    '../up.gif',
    '😀.jpg',
    '豈.jpg',
  ];
  const others = ['notes.txt', 'folder.jpg/', 'nothing'];
  await moto.createBucket(
    'odd',
    Object.fromEntries([...keys, ...others].map((key) => [key, `body of ${key}`])),
  );
  const source = await openSource('s3://odd', { s3: moto.settings });
  const listed = await objectsOf(source);
  t.deepEqual(
    listed.map(({ key }) => key),
    keys.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))),
  );
  for (const { key, etag, sizeBytes } of listed) {
    const fetched = await source.fetch(key, limits);
    t.is(Buffer.from(fetched.bytes).toString(), `body of ${key}`);
    t.is(fetched.etag, etag);
    t.is(fetched.bytes.length, sizeBytes);
    t.regex(etag, /^[0-9a-f]{32}$/);
  }
});

const fiveKeys = ['a.jpg', 'b.jpg', 'c/d.jpg', 'c/e.jpg', 'f.jpg'].map((key) => `five/${key}`);
const five = {
  ...Object.fromEntries(fiveKeys.map((key) => [key, 'x'])),
  'another.jpg': 'x',
  'six/g.jpg': 'x',
};

s3Test('a listing of several pages can be taken up after any of them', async (t) => {
  const { source } = await faulty(t, () => ({ kind: 'short pages', keysMax: 2 }), five, 'five/');
  const pages = await pagesOf(source);
  const shapes = pages.map(({ objects, cursor }) => [objects.length, cursor]);
  t.deepEqual(shapes, [
    [2, 'five/b.jpg'],
    [2, 'five/c/e.jpg'],
    [1, 'five/f.jpg'],
  ]);
  t.deepEqual(await keysOf(source), fiveKeys);
  for (const { cursor } of pages) {
    t.deepEqual(await keysOf(source, { after: cursor }), fiveKeys.slice(fiveKeys.indexOf(cursor) + 1));
  }
  t.regex(source.uri, /^s3:\/\/faulty-\d+\/five\/$/);
});

s3Test('suffixes choose, all when there are none', async (t) => {
  const moto = await sharedMoto();
  await moto.createBucket('suffixes', { 'a.jpg': 'x', 'b.bin': 'x', c: 'x', 'd/': '' });
  const keys = async (suffixes: string[]): Promise<string[]> =>
    keysOf(await openSource('s3://suffixes/', { s3: moto.settings, suffixes }));
  t.deepEqual(await keys([]), ['a.jpg', 'b.bin', 'c']);
  t.deepEqual(await keys(['*']), ['a.jpg', 'b.bin', 'c']);
  t.deepEqual(await keys(['BIN']), ['b.bin']);
});

s3Test('where a service has no ETags, size and time stand in', async (t) => {
  const { source } = await faulty(t, () => ({ kind: 'etagless' }), { 'a.jpg': 'x', 'b.jpg': 'xx' });
  const objects = await objectsOf(source);
  t.regex(objects[0]?.etag ?? '', /^1-\d{10}$/);
  t.regex(objects[1]?.etag ?? '', /^2-\d{10}$/);
  for (const { key, etag } of objects) t.is((await source.fetch(key, limits)).etag, etag);
});

s3Test('an empty bucket has no pages', async (t) => {
  const moto = await sharedMoto();
  await moto.createBucket('empty');
  t.deepEqual(await pagesOf(await openSource('s3://empty', { s3: moto.settings })), []);
});

s3Test('too many bytes are refused, announced or not', async (t) => {
  const { source } = await faulty(
    t,
    (request) => (request.path.endsWith('u.jpg') ? { kind: 'unannounced' } : undefined),
    {
      'a.jpg': 'x'.repeat(1_001),
      'u.jpg': 'x'.repeat(100_000),
      'fits.jpg': 'x'.repeat(1_000),
    },
  );
  await failsWith(t, source.fetch('a.jpg', limits), 'too_large', /1001 bytes; the limit is 1000/);
  await failsWith(t, source.fetch('u.jpg', limits), 'too_large');
  t.is((await source.fetch('fits.jpg', limits)).bytes.length, 1_000);
});

const outcomes: Record<string, { fault: Fault; code: FailureCode; tries: number; message: RegExp }> = {
  forbidden: {
    fault: status(403, 'AccessDenied'),
    code: 'access_denied',
    tries: 1,
    message: /403 AccessDenied/,
  },
  'not found': { fault: status(404, 'NoSuchKey'), code: 'not_found', tries: 1, message: /404 NoSuchKey/ },
  archived: {
    fault: status(403, 'InvalidObjectState'),
    code: 'access_denied',
    tries: 1,
    message: /InvalidObjectState/,
  },
  'slow down': { fault: status(503, 'SlowDown'), code: 'throttled', tries: 3, message: /503 SlowDown/ },
  'too many requests': { fault: status(429), code: 'throttled', tries: 3, message: /429/ },
  'internal error': {
    fault: status(500, 'InternalError'),
    code: 'source_unavailable',
    tries: 3,
    message: /500/,
  },
  'gateway page': {
    fault: { kind: 'status', status: 502, body: '<html>Bad Gateway' },
    code: 'source_unavailable',
    tries: 3,
    message: /502/,
  },
  'forbidden by a gateway': {
    fault: { kind: 'status', status: 403, body: '<html><p>No' },
    code: 'access_denied',
    tries: 1,
    message: /403/,
  },
  reset: { fault: { kind: 'reset' }, code: 'source_unavailable', tries: 3, message: /ECONNRESET/ },
  'half a body': {
    fault: { kind: 'cut', afterBytes: 300 },
    code: 'source_unavailable',
    tries: 1,
    message: /./,
  },
  'no body': { fault: { kind: 'cut', afterBytes: 0 }, code: 'source_unavailable', tries: 1, message: /./ },
  'expired credentials': {
    fault: status(400, 'ExpiredToken'),
    code: 'source_unavailable',
    tries: 1,
    message: /Expired/,
  },
};

for (const [title, { fault, code, tries, message }] of Object.entries(outcomes)) {
  s3Test(`fetch, ${title}: ${code}`, async (t) => {
    const { source, requests } = await faulty(t, () => fault, { 'a.jpg': 'x'.repeat(600) });
    await failsWith(t, source.fetch('a.jpg', limits), code, message);
    t.is(requests.length, tries);
  });
}

s3Test('a fetch that fails twice and then works is one that works', async (t) => {
  const { source } = await faulty(
    t,
    ({ seenBefore }) => (seenBefore < 2 ? status(503, 'SlowDown') : undefined),
    { 'a.jpg': 'bytes' },
  );
  t.is(Buffer.from((await source.fetch('a.jpg', limits)).bytes).toString(), 'bytes');
});

for (const fault of [{ kind: 'slow', everyMs: 20 }, { kind: 'hang' }, status(503, 'SlowDown')] as const) {
  s3Test(`the time limit covers everything: ${fault.kind}`, async (t) => {
    const { source } = await faulty(t, () => fault, { 'a.jpg': 'x'.repeat(900) });
    const start = performance.now();
    await failsWith(t, source.fetch('a.jpg', { bytesMax: 1_000, timeoutMs: 60 }), 'timeout', /60 ms/);
    t.true(performance.now() - start < 5_000);
  });
}

s3Test('a fetch can be called off', async (t) => {
  const { source } = await faulty(t, () => ({ kind: 'hang' }), { 'a.jpg': 'x' });
  const controller = new AbortController();
  const fetching = source.fetch('a.jpg', { ...limits, signal: controller.signal });
  setTimeout(() => controller.abort(new Error('called off')), 50);
  await t.throwsAsync(fetching, { message: 'called off' });
});

s3Test('listing says what is set up wrongly, and where', async (t) => {
  const moto = await sharedMoto();
  const missing = await t.throwsAsync(keysOf(await openSource('s3://no-such-bucket', { s3: moto.settings })));
  t.true(missing instanceof UsageError);
  t.regex(missing?.message ?? '', /no-such-bucket.*127\.0\.0\.1.*NoSuchBucket/);

  const { source } = await faulty(t, () => status(403, 'InvalidAccessKeyId'), {});
  const refused = await t.throwsAsync(keysOf(source));
  t.true(refused instanceof UsageError);
  t.regex(refused?.message ?? '', /InvalidAccessKeyId/);
  t.notRegex(refused?.message ?? '', /secret-of-test/);
});

test('listing says that nobody answers at the endpoint', async (t) => {
  const endpoint = `http://127.0.0.1:${await freePort()}`;
  const credentials = { accessKeyId: 'k', secretAccessKey: 's' };
  const error = await t.throwsAsync(
    keysOf(await openSource('s3://bucket', { s3: { endpoint, credentials } })),
  );
  t.true(error instanceof UsageError);
  t.regex(error?.message ?? '', new RegExp(`"bucket" at ${endpoint}: ECONNREFUSED`));
});

s3Test('a listing that breaks off later can be taken up', async (t) => {
  let isBroken = true;
  const shortOrBroken = ({ query }: S3Request): Fault =>
    isBroken && query.has('continuation-token')
      ? status(500, 'InternalError')
      : { kind: 'short pages', keysMax: 3 };
  const { source } = await faulty(t, shortOrBroken, five, 'five/');
  const cursors: string[] = [];
  const listing = async (): Promise<void> => {
    for await (const page of source.list()) cursors.push(page.cursor);
  };
  await t.throwsAsync(listing, { instanceOf: SourceError, message: /InternalError/ });
  t.deepEqual(cursors, ['five/c/d.jpg']);
  isBroken = false;
  t.deepEqual(await keysOf(source, { after: 'five/c/d.jpg' }), fiveKeys.slice(3));
});

test('what is no S3 source is refused at once', async (t) => {
  const wrong = (uri: string, endpoint?: string): Promise<unknown> =>
    t.throwsAsync(openSource(uri, { s3: { endpoint } }), { instanceOf: UsageError });
  await wrong('s3://');
  await wrong('s3:///key');
  await wrong('https://bucket/key');
  await wrong('s3://bucket', 'localhost:9000');
  const error = await wrong('s3://bucket', 'http://user:hunter2@localhost:9000');
  t.notRegex(String(error), /hunter2/);
});

let buckets = 0;

/** A bucket with these objects, behind a proxy. */
async function faulty(
  t: ExecutionContext,
  fault: (request: S3Request) => Fault | undefined,
  objects: Record<string, string>,
  prefix = '',
): Promise<{ source: Source; requests: S3Request[] }> {
  const moto = await sharedMoto();
  const bucket = `faulty-${++buckets}`;
  await moto.createBucket(bucket, objects);
  const requests: S3Request[] = [];
  const proxy = await startFaultyS3({
    target: moto.endpoint,
    fault: (request) => {
      requests.push(request);
      return fault(request);
    },
  });
  t.teardown(proxy.stop);
  const credentials = { accessKeyId: 'test', secretAccessKey: 'secret-of-test' };
  const s3 = { ...moto.settings, credentials, endpoint: proxy.endpoint };
  return { source: await openSource(`s3://${bucket}/${prefix}`, { s3 }), requests };
}

function status(httpStatus: number, code?: string): Fault & { kind: 'status' } {
  return { kind: 'status', status: httpStatus, ...(code === undefined ? {} : { code }) };
}
