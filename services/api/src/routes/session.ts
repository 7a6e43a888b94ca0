import { scopes, type ApiKey } from '@tuhai/core/api-keys';
import { Type } from 'typebox';
import { findCaller, type Caller } from '../access/callers.js';
import { cookieOptions, keyCookie } from '../access/session-cookie.js';
import { problems, text } from '../api-schemas.js';
import { Problem } from '../problem.js';
import type { Api } from '../schema-validation.js';

const callerFields = { name: Type.String(), scope: Type.Enum([...scopes]) };

const sessionSchema = Type.Object({
  asksForKey: Type.Boolean({ description: 'Whether this service asks for keys at all' }),
  caller: Type.Union([Type.Object(callerFields), Type.Null()], {
    description: 'Whose key came with this request',
  }),
});

/** `GET|POST|DELETE /v1/session`: the page's way in, a key in a cookie. Other clients send the Authorization header. */
export function addSessionRoutes(api: Api, { apiKeys }: { apiKeys: readonly ApiKey[] }): void {
  const asksForKey = apiKeys.length > 0;
  const session = (caller: Caller | undefined) => ({ asksForKey, caller: caller ?? null });
  const response = { 200: sessionSchema, ...problems };
  const config = { scope: 'public', rateLimit: { max: 60, timeWindow: 60_000 } } as const;

  api.get('/v1/session', {
    config,
    schema: { tags: ['access'], summary: 'Whether a key is needed, and whose is in use', response },
    handler: async ({ caller }) => session(caller),
  });

  api.post('/v1/session', {
    config,
    schema: {
      tags: ['access'],
      summary: 'Keep a key in a cookie, for the page',
      body: Type.Object({ key: text({ minLength: 1, maxLength: 200 }) }, { additionalProperties: false }),
      response,
    },
    async handler(request, reply) {
      const { key } = request.body;
      const caller = asksForKey ? findCaller(apiKeys, key) : request.caller;
      if (!caller) throw new Problem('unauthorized', 'This key is none of this service');
      // What a header cannot hold is no key of ours.
      if (asksForKey) void reply.setCookie(keyCookie, key, cookieOptions(request));
      return session(caller);
    },
  });

  api.delete('/v1/session', {
    config,
    schema: { tags: ['access'], summary: 'Forget the key in the cookie', response },
    async handler(request, reply) {
      void reply.clearCookie(keyCookie, cookieOptions(request));
      return session(asksForKey ? undefined : request.caller);
    },
  });
}
