import swagger from '@fastify/swagger';
import type { Api } from './schema-validation.js';

/** `GET /openapi.json`, made of the schemas that validate. Register it before the routes. */
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
    },
  });
  api.get('/openapi.json', { schema: { hide: true } }, () => api.swagger());
}
