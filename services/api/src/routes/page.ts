import { fileURLToPath } from 'node:url';
import fastifyStatic from '@fastify/static';
import type { Api } from '../schema-validation.js';

const folder = fileURLToPath(new URL('../page/', import.meta.url));

/** The page at `/`: plain files, which services/api/page/build.js makes. */
export async function addPage(api: Api): Promise<void> {
  await api.register(fastifyStatic, {
    root: folder,
    wildcard: false,
    cacheControl: true,
    maxAge: 0,
    dotfiles: 'ignore',
  });
}
