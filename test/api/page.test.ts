import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { ExecutionContext } from 'ava';
import { databases } from './databases.js';
import { openApi } from './open-api.js';

const [{ test, open }] = databases.slice(-1) as [(typeof databases)[number]];
const sources = fileURLToPath(new URL('../../services/api/page/', import.meta.url));

test('the page and the document of the API are served, under a strict policy', async (t: ExecutionContext) => {
  const { api } = await openApi(t, await open(t));
  const page = await api.inject('/');
  t.is(page.statusCode, 200);
  t.is(page.headers['content-type'], 'text/html; charset=utf-8');
  const policy = String(page.headers['content-security-policy']).split('; ');
  t.true(
    ["default-src 'none'", "script-src 'self'", "style-src 'self'"].every((rule) => policy.includes(rule)),
  );
  t.notRegex(page.body, /<style|<script(?![^>]* src=)|\son\w+=|\sstyle=|javascript:/);
  const named = [...page.body.matchAll(/(?:src|href)="([^"#]+)"/g)].map(([, path]) => path as string);
  t.deepEqual([...new Set(named)].toSorted(), ['icon.svg', 'page.css', 'page.js']);
  for (const path of named) t.is((await api.inject(`/${path}`)).statusCode, 200, path);
  for (const path of (await readdir(sources, { recursive: true })).filter((file) => /\.tsx?$/.test(file))) {
    const source = await readFile(sources + path, 'utf8');
    t.notRegex(
      source,
      /dangerouslySetInnerHTML|innerHTML|outerHTML|insertAdjacentHTML|\beval\b|https?:/,
      path,
    );
  }

  const document = (await api.inject('/openapi.json')).json<OpenApiDocument>();
  t.is(document.openapi, '3.1.0');
  const { requestBody, responses } = document.paths['/v1/search']?.['post'] ?? {};
  t.deepEqual(Object.keys(requestBody?.content ?? {}), ['application/json', 'multipart/form-data']);
  t.true(['200', '4XX', '5XX'].every((status) => status in (responses ?? {})));
});

interface OpenApiDocument {
  openapi: string;
  paths: Record<string, Record<string, { requestBody?: { content: object }; responses: object }>>;
}
