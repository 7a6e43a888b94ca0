import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import { keyCookie } from './access/session-cookie.js';
import { routeScope } from './access/route-scope.js';
import type { Api } from './schema-validation.js';

/** The docs page styles its elements from scripts; nothing of it comes from elsewhere. */
const docsPolicy =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; " +
  "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** `GET /openapi.json`, made of the schemas that validate, and a page of it at `/docs`. Register it before the routes. */
export async function addOpenApi(api: Api): Promise<void> {
  await api.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: '图海 Tuhai',
        version: '0.1.0',
        description: 'Search a collection of images in Chinese, and see what became of each of them.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      servers: [{ url: '/' }],
      components: {
        securitySchemes: {
          key: {
            type: 'http',
            scheme: 'bearer',
            description: 'A key of this service; not needed where none are set',
          },
          cookie: { type: 'apiKey', in: 'cookie', name: keyCookie, description: 'Of POST /v1/session' },
        },
      },
    },
    transform({ schema, url, route }) {
      const scope = routeScope(route);
      const operationId = operationIdOf(String(route.method), url);
      const security = scope === 'public' ? [] : [{ key: [] }, { cookie: [] }];
      const needs = scope === 'public' ? 'Takes no key.' : `Takes a key of scope ${scope}.`;
      return { schema: { operationId, security, description: needs, ...schema }, url };
    },
  });
  api.get('/openapi.json', { schema: { hide: true } }, () => api.swagger());
  await api.register(swaggerUi, {
    routePrefix: '/docs',
    staticCSP: docsPolicy,
    theme: { title: '图海 Tuhai API' },
  });
}

/** `getImagesIdThumbnail` of `GET /v1/images/:id/thumbnail`. */
const operationIdOf = (method: string, url: string): string =>
  method.toLowerCase() +
  url.replace(/^\/v1/, '').replaceAll(/[^a-z]+([a-z]?)/gi, (_, letter: string) => letter.toUpperCase());
