import type { Scope } from '@tuhai/core/api-keys';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What it takes to ask this route; `public` takes no key. Default: see `routeScope`. */
    scope?: Scope | 'public';
  }
}

/** Under /v1 it takes `read` to get and `write` for everything else, unless the route says so itself; the rest is public. */
export function routeScope(route: {
  method?: string | string[] | undefined;
  url?: string | undefined;
  config?: { scope?: Scope | 'public' } | undefined;
}): Scope | 'public' {
  if (route.config?.scope) return route.config.scope;
  if (!route.url?.startsWith('/v1/')) return 'public';
  const methods = [route.method ?? 'GET'].flat();
  return methods.every((method) => method === 'GET' || method === 'HEAD') ? 'read' : 'write';
}
