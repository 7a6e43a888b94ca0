import { Validator } from '@seriousme/openapi-schema-validator';
import type { ExecutionContext } from 'ava';
import type { InjectOptions } from 'fastify';
import { databases } from './databases.js';
import { openApi } from './open-api.js';

const [{ test, open }] = databases.slice(-1) as [(typeof databases)[number]];

interface Schema {
  type?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  anyOf?: Schema[];
  enum?: unknown[];
  minItems?: number;
  minimum?: number;
  default?: unknown;
}
interface Operation {
  operationId: string;
  security: object[];
  parameters?: { name: string; in: 'path' | 'query'; schema: Schema }[];
  requestBody?: { content: Record<string, { schema: Schema }> };
  responses: object;
}

const odd: unknown[] = [
  null,
  true,
  -1,
  0,
  1.5,
  1e308,
  -1e308,
  2 ** 31,
  2 ** 53,
  1e-320,
  '',
  ' ',
  'a\0b',
  '\ud800',
  '\u202e',
  '💥'.repeat(300),
  "'; DROP TABLE images; --",
  '%',
  '\\',
  '../../etc/passwd',
  '9'.repeat(400),
  'NaN',
  '{}',
  '0001-01-01T00:00:00Z',
  '2026-02-30T00:00:00Z',
  '+292278994-08-17T07:12:55Z',
  [],
  [[]],
  [null],
  [1, 'a'],
  {},
  { $ref: '#' },
  { toString: 1 },
  { constructor: 1, prototype: {} },
];

/** An address holds no half of a character. */
const addressText = (value: unknown): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString();

/** Something that a schema lets through. */
function sample(schema: Schema): unknown {
  if (schema.default !== undefined) return schema.default;
  if (schema.enum) return schema.enum[0];
  if (schema.anyOf) return sample(schema.anyOf[0] as Schema);
  if (schema.type === 'object' || schema.properties) {
    const fields = Object.entries(schema.properties ?? {}).filter(([name]) =>
      schema.required?.includes(name),
    );
    return Object.fromEntries(fields.map(([name, field]) => [name, sample(field)]));
  }
  if (schema.type === 'array')
    return Array.from({ length: schema.minItems ?? 0 }, () => sample(schema.items ?? {}));
  if (schema.type === 'integer' || schema.type === 'number') return Math.max(schema.minimum ?? 1, 1);
  return '红';
}

/** A sound body with one field at a time made odd, down to the fields of fields. */
function* oddBodies(schema: Schema): Generator<unknown> {
  yield* odd;
  if (schema.items) for (const one of oddBodies(schema.items)) yield [one];
  const base = sample(schema) as Record<string, unknown>;
  for (const [name, field] of Object.entries(schema.properties ?? {})) {
    for (const value of oddBodies(field)) yield { ...base, [name]: value };
  }
  for (const option of schema.anyOf ?? []) yield sample(option);
}

test('the document is sound, and nothing that it lets anybody ask answers 5xx', async (t: ExecutionContext) => {
  const { api } = await openApi(t, await open(t), { API_RATE_LIMIT: '0' });
  const document = (await api.inject('/openapi.json')).json<{
    paths: Record<string, Record<string, Operation>>;
  }>();
  const { valid, errors } = await new Validator().validate(structuredClone(document));
  t.true(valid, JSON.stringify(errors));
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, ...operation })),
  );
  const ids = operations.map(({ operationId }) => operationId);
  t.is(new Set(ids).size, ids.length);
  t.true(
    operations.every(
      ({ path, security }) => !path.startsWith('/v1/') || path === '/v1/session' || security.length === 2,
    ),
  );
  t.true(operations.every(({ responses }) => Object.keys(responses).length >= 1));

  let asked = 0;
  const ask = async (request: InjectOptions) => {
    asked++;
    const { statusCode, body, headers } = await api.inject(request);
    const about = `${request.method} ${String(request.url)} ${JSON.stringify(request.payload)?.slice(0, 200)}: ${body.slice(0, 200)}`;
    if (statusCode >= 500) t.fail(about);
    if (statusCode >= 400 && headers['content-type'] !== 'application/problem+json') t.fail(about);
  };
  for (const { path, method: verb, parameters = [], requestBody } of operations) {
    const method = verb.toUpperCase() as 'GET';
    const at = (values: Record<string, string>) =>
      path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(values[name] ?? '1'));
    for (const value of odd.map(addressText)) {
      for (const { name, in: place } of parameters) {
        if (place === 'path') await ask({ method, url: at({ [name]: value }) });
        else await ask({ method, url: `${at({})}?${new URLSearchParams({ [name]: value }).toString()}` });
      }
    }
    const json = requestBody?.content['application/json'];
    if (json)
      for (const body of oddBodies(json.schema))
        await ask({
          method,
          url: at({}),
          headers: { 'content-type': 'application/json' },
          payload: JSON.stringify(body),
        });
    for (const type of [
      'text/plain',
      'application/xml',
      'multipart/form-data; boundary=x',
      'application/json; charset=utf-16',
      '',
    ]) {
      if (method !== 'GET')
        await ask({ method, url: at({}), headers: { 'content-type': type }, payload: '--x\r\n\0{' });
    }
  }
  t.log(`${operations.length} operations, ${asked} requests`);
});
