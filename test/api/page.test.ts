import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { ExecutionContext } from 'ava';
import { databases } from './databases.js';
import { openApi } from './open-api.js';

const [{ test, open }] = databases.slice(-1) as [(typeof databases)[number]];
const folder = fileURLToPath(new URL('../../services/api/page/', import.meta.url));

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
  t.deepEqual([...new Set(named)].toSorted(), ['app.js', 'icon.svg', 'style.css']);
  for (const file of await readdir(folder)) t.is((await api.inject(`/${file}`)).statusCode, 200, file);
  const scripts = (await readdir(folder)).filter((file) => file.endsWith('.js'));
  for (const file of scripts) {
    const script = await readFile(folder + file, 'utf8');
    t.notRegex(script, /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|https?:/, file);
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
