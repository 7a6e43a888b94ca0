import type { ExecutionContext } from 'ava';
import type { InjectOptions } from 'fastify';
import { databases } from './databases.js';
import { formRequest } from './form.js';
import { openApi, type OpenApi } from './open-api.js';

const [{ test, open }] = databases.slice(-1) as [(typeof databases)[number]];

interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: string;
  requestId: string;
}

async function refuses(
  t: ExecutionContext,
  { api }: OpenApi,
  request: InjectOptions,
  expected: Partial<Problem>,
) {
  const answer = await api.inject(request);
  const about = `${request.method ?? 'GET'} ${String(request.url)} ${JSON.stringify(request.payload)?.slice(0, 80)}`;
  t.is(answer.headers['content-type'], 'application/problem+json', about);
  const problem = answer.json<Problem>();
  t.like({ ...problem, httpStatus: answer.statusCode }, { ...expected, httpStatus: problem.status }, about);
  t.is(problem.type, `urn:tuhai:problem:${problem.code}`);
  t.regex(problem.requestId, /^[0-9a-f-]{36}$/);
}

const post = (payload: InjectOptions['payload'], contentType = 'application/json'): InjectOptions => ({
  method: 'POST',
  url: '/v1/search',
  payload: payload ?? '',
  headers: { 'content-type': contentType },
});

const invalid = { status: 400, code: 'invalid_request' };

test('wrong input is refused with a code and a reason, and never answers 5xx', async (t: ExecutionContext) => {
  const opened = await openApi(t, await open(t), { IMAGE_BYTES_MAX: '50000', IMAGE_PIXELS_MAX: '1000000' });
  await refusesSearches(t, opened);
  await refusesUploads(t, opened);
  await refusesAddresses(t, opened);
});

async function refusesSearches(t: ExecutionContext, opened: OpenApi): Promise<void> {
  const wrong: [payload: object | string, detail: RegExp][] = [
    ['', /empty/],
    ['{', /JSON/],
    ['{"text":"x","__proto__":{"k":1}}', /JSON/],
    [[], /body must be object/],
    ['"text"', /body must be object/],
    [{}, /exactly one of .* it has none/],
    [{ text: 'x', imageId: 1 }, /exactly one of .* it has text, imageId/],
    [{ text: '' }, /body\/text/],
    [{ text: ' \t\u3000' }, /body\/text/],
    [{ text: 'x'.repeat(1_001) }, /body\/text/],
    [{ text: 'a\0b' }, /body\/text/],
    [{ text: 7 }, /body\/text must be string/],
    [{ imageId: '1' }, /body\/imageId must be integer/],
    [{ imageId: -1 }, /body\/imageId/],
    [{ imageId: 1e300 }, /body\/imageId/],
    [{ vector: [] }, /body\/vector/],
    [{ vector: [1, 2] }, /2 dimensions/],
    [{ vector: Array.from({ length: 256 }, () => 0) }, /zero vector/],
    ['{"vector":[1e999]}', /body\/vector\/0/],
    [{ vector: ['a'] }, /body\/vector\/0 must be number/],
    [{ image: 'aGk=' }, /no field "image"/],
    [{ url: 'http://example.com/a.jpg' }, /no field "url"/],
    [{ text: 'x', k: 0 }, /body\/k must be >= 1/],
    [{ text: 'x', k: 1_001 }, /body\/k must be <= 1000/],
    [{ text: 'x', k: 1.5 }, /body\/k must be integer/],
    [{ text: 'x', filter: { run: 2 ** 31 } }, /body\/filter\/run/],
    [{ text: 'x', filter: { prefix: '\0' } }, /body\/filter\/prefix/],
    [{ text: 'x', filter: { colour: 'red' } }, /body\/filter has no field "colour"/],
    [{ text: '红色', filter: { probabilityMin: 0.5 } }, /goes with a label/],
    [{ text: 'x', filter: { label: 'a', cosineMin: 2 } }, /body\/filter\/cosineMin/],
  ];
  for (const [payload, detail] of wrong) {
    const text = typeof payload === 'string' ? payload : JSON.stringify(payload);
    await refuses(t, opened, post(text), invalid);
    t.regex((await opened.api.inject(post(text))).json<Problem>().detail, detail);
  }
  await refuses(t, opened, post('{"imageId":999}'), { status: 404, code: 'image_not_found' });
  const tooLong = JSON.stringify({ vector: Array.from({ length: 200_000 }, () => 0.25) });
  await refuses(t, opened, post(tooLong.repeat(2)), { status: 413, code: 'body_too_large' });
  for (const contentType of [
    'text/plain',
    'application/xml',
    'application/x-www-form-urlencoded',
    'image/png',
    '',
  ]) {
    await refuses(t, opened, post('{"text":"x"}', contentType), {
      status: 415,
      code: 'unsupported_media_type',
    });
  }
  await refuses(t, opened, { method: 'POST', url: '/v1/search' }, invalid);
  await refuses(t, opened, post('abc', 'multipart/form-data'), invalid);
  await refuses(t, opened, post('--x\r\nabc', 'multipart/form-data; boundary=x'), invalid);
}

async function refusesUploads(t: ExecutionContext, opened: OpenApi): Promise<void> {
  const upload = async (fields: Record<string, string | Uint8Array>, expected: Partial<Problem>) =>
    refuses(t, opened, { method: 'POST', url: '/v1/search', ...(await formRequest(fields)) }, expected);

  await upload({ image: text('not a picture') }, { status: 415, code: 'unsupported_format' });
  await upload({ image: text('') }, { status: 415, code: 'unsupported_format' });
  const svg = '<svg xmlns="http://www.w3.org/2000/svg"><image href="http://127.0.0.1:1/"/></svg>';
  await upload({ image: text(svg) }, { status: 415, code: 'unsupported_format' });
  await upload({ image: Buffer.from('ffd8ffe000104a46494600', 'hex') }, { status: 422, code: 'corrupt' });
  await upload({ image: hugePng() }, { status: 413, code: 'too_many_pixels' });
  await upload({ image: new Uint8Array(50_001) }, { status: 413, code: 'too_large' });
  await upload({ image: 'no file' }, { ...invalid, detail: 'body/image must be a file' });
  await upload({ k: '3' }, { ...invalid, detail: 'body must have required properties image' });
  await upload({ image: text('x'), k: 'many' }, { ...invalid, detail: 'body/k must be integer' });
  await upload({ image: text('x'), text: '猫' }, { ...invalid, detail: 'body has no field "text"' });
  await upload({ image: text('x'), filter: 'x'.repeat(70_000) }, { status: 413, code: 'body_too_large' });
}

const text = (content: string): Uint8Array => new TextEncoder().encode(content);

/** 30,000 × 30,000 pixels, says its header; there is nothing else in it. */
function hugePng(): Uint8Array {
  const sides = '00007530'.repeat(2);
  const header = `89504e470d0a1a0a0000000d49484452${sides}0802000000e9456fed`;
  return Buffer.from(`${header}000000004944415435af061e0000000049454e44ae426082`, 'hex');
}

async function refusesAddresses(t: ExecutionContext, opened: OpenApi): Promise<void> {
  const notFound = { status: 404, code: 'not_found' };
  const wrong: [url: string, expected: Partial<Problem>][] = [
    ['/nothing', notFound],
    ['/v1', notFound],
    ['/../package.json', notFound],
    ['/..%2fpackage.json', notFound],
    ['/v1/search', notFound],
    ['/%zz', invalid],
    ['/v1/runs/abc', { ...invalid, detail: 'path/id must be integer' }],
    ['/v1/runs/0', invalid],
    ['/v1/runs/2147483648', invalid],
    ['/v1/runs/2147483647', { status: 404, code: 'run_not_found' }],
    ['/v1/runs?limit=0', invalid],
    ['/v1/runs?limit=1001', invalid],
    ['/v1/runs?limit=1&limit=2', invalid],
    ['/v1/runs?unknown=1', { ...invalid, detail: 'query has no field "unknown"' }],
    ['/v1/runs?cursor=%00', invalid],
    ['/v1/runs?cursor=bm8', invalid],
    [`/v1/runs?cursor=${Buffer.from('"text"').toString('base64url')}`, invalid],
    [`/v1/runs?cursor=${Buffer.from('1e99').toString('base64url')}`, invalid],
    [`/v1/runs/1/failures?cursor=${Buffer.from('7').toString('base64url')}`, invalid],
    [
      String.raw`/v1/runs/1/failures?cursor=${Buffer.from(String.raw`"\u0000"`).toString('base64url')}`,
      invalid,
    ],
    ['/v1/images/1.5', invalid],
    ['/v1/images/9007199254740993', invalid],
    [`/v1/images/${'9'.repeat(500)}`, { status: 414 }],
  ];
  for (const [url, expected] of wrong) await refuses(t, opened, { url }, expected);
  await refuses(t, opened, { method: 'DELETE', url: '/v1/runs/1' }, notFound);
}
