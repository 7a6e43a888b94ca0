import test, { type ExecutionContext } from 'ava';
import type { InjectOptions } from 'fastify';
import { startApi } from '@tuhai/api/start-api';
import { newApiKey, hashApiKey } from '@tuhai/core/api-keys';
import { readConfig } from '@tuhai/core/config';
import { UsageError } from '@tuhai/core/usage-error';
import { databases } from './databases.js';
import { configOf, openApi, silent, type OpenApi } from './open-api.js';

const [{ test: databaseTest, open }] = databases.slice(-1) as [(typeof databases)[number]];

const keys = { reader: newApiKey(), writer: newApiKey(), boss: newApiKey() };
const API_KEYS = [
  `reader:read:${hashApiKey(keys.reader).toString('hex')}`,
  `writer:write:${keys.writer}`,
  `boss:admin:${hashApiKey(keys.boss).toString('hex').toUpperCase()}`,
].join(', ');

const bearer = (key: string) => ({ authorization: `Bearer ${key}` });

const from = (origin: string) => ({ origin, host: 'photos.example:8080' });

async function statusOf({ api }: OpenApi, request: InjectOptions): Promise<string> {
  const { statusCode, headers, body } = await api.inject(request);
  const isProblem = headers['content-type'] === 'application/problem+json';
  return isProblem ? `${statusCode} ${(JSON.parse(body) as { code: string }).code}` : String(statusCode);
}

databaseTest(
  'a key allows what its scope says, and nothing under /v1 goes without one',
  async (t: ExecutionContext) => {
    const opened = await openApi(t, await open(t), { API_KEYS, API_HOST: '0.0.0.0' });
    const { api } = opened;
    for (const url of ['/', '/healthz', '/readyz', '/openapi.json', '/docs', '/v1/session', '/page.js'])
      t.is(await statusOf(opened, { url }), '200', url);
    const read = { url: '/v1/runs' };
    const write = {
      method: 'POST',
      url: '/v1/label-sets',
      payload: { labelSet: 'name: a\nlabels: [b]' },
    } as const;
    const search = { method: 'POST', url: '/v1/search', payload: { text: '红' } } as const;
    const table: [request: InjectOptions, none: string, reader: string, writer: string][] = [
      [read, '401 unauthorized', '200', '200'],
      [{ url: '/metrics' }, '401 unauthorized', '200', '200'],
      [{ url: '/v1/images/1/thumbnail' }, '401 unauthorized', '200', '200'],
      [search, '401 unauthorized', '200', '200'],
      [write, '401 unauthorized', '403 forbidden', '200'],
      [{ ...write, payload: '{' }, '401 unauthorized', '403 forbidden', '415 unsupported_media_type'],
      [{ url: '/v1/nothing' }, '404 not_found', '404 not_found', '404 not_found'],
    ];
    for (const [request, none, reader, writer] of table) {
      t.is(await statusOf(opened, request), none, request.url as string);
      t.is(await statusOf(opened, { ...request, headers: bearer('tuhai_wrong') }), none);
      t.is(await statusOf(opened, { ...request, headers: { authorization: 'Basic x' } }), none);
      t.is(await statusOf(opened, { ...request, headers: bearer(keys.reader) }), reader);
      t.is(await statusOf(opened, { ...request, headers: bearer(keys.writer) }), writer);
      t.is(await statusOf(opened, { ...request, headers: bearer(keys.boss) }), writer);
    }
    const refused = await api.inject(read);
    t.is(refused.headers['www-authenticate'], 'Bearer realm="tuhai"');
    t.false(refused.body.includes(keys.reader));
  },
);

databaseTest(
  'the page comes in by a cookie that no script reads and no other page can use',
  async (t: ExecutionContext) => {
    const opened = await openApi(t, await open(t), { API_KEYS });
    const { api } = opened;
    const enter = (key: string) => api.inject({ method: 'POST', url: '/v1/session', payload: { key } });
    t.is((await enter('wrong')).statusCode, 401);
    const entered = await enter(keys.writer);
    t.deepEqual(entered.json(), { asksForKey: true, caller: { name: 'writer', scope: 'write' } });
    t.regex(String(entered.headers['set-cookie']), /tuhai_key=.*HttpOnly; SameSite=Strict/);
    const cookies = { tuhai_key: keys.writer };
    t.is(await statusOf(opened, { url: '/v1/images/1/thumbnail', cookies }), '200');
    t.is(await statusOf(opened, { url: '/v1/runs', cookies: { tuhai_key: 'x' } }), '401 unauthorized');
    const write = {
      method: 'POST',
      url: '/v1/label-sets',
      payload: { labelSet: 'name: a\nlabels: [b]' },
    } as const;
    t.is(await statusOf(opened, { ...write, cookies, headers: from('http://photos.example:8080') }), '200');
    for (const origin of ['https://evil.example', 'null', 'http://photos.example']) {
      t.is(await statusOf(opened, { ...write, cookies, headers: from(origin) }), '403 forbidden', origin);
      const headers = { ...from(origin), ...bearer(keys.writer) };
      t.is(await statusOf(opened, { ...write, headers }), '200');
    }
    const left = await api.inject({ method: 'DELETE', url: '/v1/session', cookies });
    t.regex(String(left.headers['set-cookie']), /tuhai_key=;/);
  },
);

databaseTest(
  'without keys only this machine is answered, and each has its rate',
  async (t: ExecutionContext) => {
    const opened = await openApi(t, await open(t), { API_RATE_LIMIT: '20' });
    const { api } = opened;
    t.deepEqual((await api.inject('/v1/session')).json(), {
      asksForKey: false,
      caller: { name: 'local', scope: 'admin' },
    });
    t.is(await statusOf(opened, { url: '/v1/runs', headers: { host: 'evil.example' } }), '403 forbidden');
    const cancel = { method: 'POST', url: '/v1/search', payload: { text: '红' } } as const;
    t.is(await statusOf(opened, { ...cancel, headers: { origin: 'https://evil.example' } }), '403 forbidden');
    const id = 'trace-1:a/b';
    const traced = await api.inject({ url: '/v1/runs/999', headers: { 'x-request-id': id } });
    t.deepEqual([traced.headers['x-request-id'], traced.json<{ requestId: string }>().requestId], [id, id]);
    const odd = await api.inject({ url: '/v1/runs/999', headers: { 'x-request-id': 'a b"' } });
    t.regex(String(odd.headers['x-request-id']), /^[0-9a-f-]{36}$/);
    t.is(traced.headers['access-control-allow-origin'], undefined);

    const statuses = new Set<string>();
    for (let i = 0; i < 25; i++) statuses.add(await statusOf(opened, { url: '/v1/runs' }));
    t.deepEqual([...statuses], ['200', '429 rate_limited']);
    const limited = await api.inject('/v1/runs');
    t.true(Number(limited.headers['retry-after']) > 0);
    t.is(await statusOf(opened, { url: '/healthz' }), '200');
    const metrics = await api.inject('/metrics');
    t.regex(
      metrics.body,
      /tuhai_http_request_duration_seconds_count\{method="GET",route="\/v1\/runs",status="429"\} \d/,
    );
    t.regex(metrics.body, /tuhai_runs\{status="finished"\} 1/);
  },
);

test('an API that others can reach needs keys, and keys are checked when they are read', async (t) => {
  const config = configOf('postgres://nowhere/none', { API_HOST: '0.0.0.0', API_PORT: '0' });
  await t.throwsAsync(startApi({ config, log: silent }), { instanceOf: UsageError, message: /set API_KEYS/ });
  const wrong: [API_KEYS: string, message: RegExp][] = [
    ['a', /entry 1 must be name:scope:key/],
    [`a:read:${keys.reader},b:own:${keys.reader}`, /entry 2 must be/],
    ['a:read:secret', /shorter than 20/],
    [`a:read:${keys.reader},a:read:${keys.writer}`, /two keys of the name a/],
  ];
  for (const [text, message] of wrong) {
    const error = t.throws(() => readConfig({ API_KEYS: text }), { instanceOf: UsageError, message });
    t.false(error?.message.includes(keys.reader) || error?.message.includes('secret'));
  }
  t.throws(() => readConfig({ API_SOURCES: '/etc' }), { message: /must be like s3/ });
});
