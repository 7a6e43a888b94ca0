import cookie from '@fastify/cookie';
import rateLimit from '@fastify/rate-limit';
import type { FastifyRequest } from 'fastify';
import { Problem } from '../problem.js';
import type { Api } from '../schema-validation.js';
import type { AccessSettings } from './access-settings.js';
import { allows, findCaller, localCaller, type Caller } from './callers.js';
import { refuseForeignRequests } from './foreign-requests.js';
import { routeScope } from './route-scope.js';
import { keyCookie } from './session-cookie.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Whose key came with the request; undefined without one that counts. */
    caller: Caller | undefined;
  }
}

/** Who may ask what, and how often. Register it before the routes. */
export async function addAccess(api: Api, settings: AccessSettings): Promise<void> {
  const { apiKeys, apiRateLimit } = settings;
  const isOpen = apiKeys.length === 0;
  api.decorateRequest('caller', undefined);
  await api.register(cookie);
  // First who it is, so that a key has a rate of its own; then the rate, for wrong keys too; then what the key allows.
  api.addHook('onRequest', async (request) => {
    refuseForeignRequests(request, { isOpen, origins: settings.apiCorsOrigins });
    const presented = presentedKey(request);
    if (isOpen) request.caller = localCaller;
    else if (presented !== undefined) request.caller = findCaller(apiKeys, presented);
  });
  if (apiRateLimit > 0) {
    await api.register(rateLimit, {
      max: apiRateLimit,
      timeWindow: 60_000,
      keyGenerator: ({ caller, ip }) => (caller ? `key ${caller.name} ${ip}` : `address ${ip}`),
      errorResponseBuilder: (_request, { max, after }) =>
        new Problem('rate_limited', `At most ${max} requests a minute; try again in ${after}`),
    });
  }
  api.addHook('preParsing', async (request) => {
    const scope = routeScope({ ...request.routeOptions, config: request.routeOptions.config });
    if (request.is404 || scope === 'public') return;
    if (!request.caller)
      throw new Problem('unauthorized', 'Send "Authorization: Bearer KEY", with a key of this service');
    if (allows(request.caller.scope, scope)) return;
    throw new Problem(
      'forbidden',
      `This takes a key of scope ${scope}; this one has ${request.caller.scope}`,
    );
  });
}

function presentedKey({ headers, cookies }: FastifyRequest): string | undefined {
  const [, bearer] = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '') ?? [];
  return headers.authorization === undefined ? cookies[keyCookie] : bearer;
}
