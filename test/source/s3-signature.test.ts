import { createHash, createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { openSource } from '@tuhai/core/source/open-source';
import test, { type ExecutionContext } from 'ava';

const secretAccessKey = 'secret/of+test';
const limits = { bytesMax: 1_000, timeoutMs: 10_000 };

/** A server that answers with the target of a request whose signature is right, and else like S3. */
async function strictS3(t: ExecutionContext): Promise<{ endpoint: string; requests: IncomingMessage[] }> {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    const isRight = signatureOf(request) === /Signature=(\w+)/.exec(request.headers.authorization ?? '')?.[1];
    response.writeHead(isRight ? 200 : 403, { etag: '"e"' });
    response.end(isRight ? request.url : '<Error><Code>SignatureDoesNotMatch</Code></Error>');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.close();
    server.closeAllConnections();
  });
  return { endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
}

const hmac = (key: string | Buffer, part: string): Buffer => createHmac('sha256', key).update(part).digest();

/** https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html, by hand */
function signatureOf({ method, url = '', headers }: IncomingMessage): string {
  const [, scope = '', signed = ''] =
    /Credential=[^/]+\/(\S+), ?SignedHeaders=([^,]+)/.exec(headers.authorization ?? '') ?? [];
  const names = signed.split(';');
  const [path = '', query = ''] = url.split('?');
  const canonical = [
    method,
    path,
    query,
    ...names.map((name) => `${name}:${String(headers[name]).trim()}`),
    '',
    signed,
    headers['x-amz-content-sha256'],
  ].join('\n');
  const digest = createHash('sha256').update(canonical).digest('hex');
  const text = ['AWS4-HMAC-SHA256', headers['x-amz-date'], scope, digest].join('\n');
  return hmac(scope.split('/').reduce<string | Buffer>(hmac, `AWS4${secretAccessKey}`), text).toString('hex');
}

const oddKeys = ['a.jpg', "图/猫 & (狗)!'*.webp", 'a b+c%2B.jpg', '../a//~b.jpg', '?x=1#y.jpg'];

for (const sessionToken of [undefined, 'token==']) {
  test(`fetching signs as S3 has it, ${sessionToken ? 'with a' : 'without'} session token`, async (t) => {
    const { endpoint, requests } = await strictS3(t);
    const credentials = { accessKeyId: 'key', secretAccessKey, ...(sessionToken && { sessionToken }) };
    const source = await openSource('s3://some.bucket', {
      s3: { endpoint, credentials, region: 'cn-north-1' },
    });
    for (const key of oddKeys) {
      const { bytes } = await source.fetch(key, limits);
      t.is(decodeURIComponent(Buffer.from(bytes).toString()), `/some.bucket/${key}`);
    }
    t.is(requests.length, oddKeys.length, 'each was right at once');
    for (const { headers } of requests) {
      t.regex(headers.authorization ?? '', /\/cn-north-1\/s3\/aws4_request/);
      t.is(headers['x-amz-security-token'], sessionToken);
    }
  });
}

test('an endpoint with a path, and a bucket in the host name', async (t) => {
  const { endpoint } = await strictS3(t);
  const credentials = { accessKeyId: 'key', secretAccessKey };
  const below = await openSource('s3://bucket', { s3: { endpoint: `${endpoint}/base`, credentials } });
  t.is(Buffer.from((await below.fetch('a.jpg', limits)).bytes).toString(), '/base/bucket/a.jpg');
  const s3 = { endpoint: 'http://s3.invalid', credentials, forcePathStyle: false };
  const byHost = await openSource('s3://bucket', { s3 });
  await t.throwsAsync(byHost.fetch('a.jpg', limits), { message: /bucket\.s3\.invalid/ });
});
