import { setTimeout as sleep } from 'node:timers/promises';
import { Type } from 'typebox';
import type { ApiContext } from '../api-context.js';
import { modelSchema, problems } from '../api-schemas.js';
import { Problem } from '../problem.js';
import type { Api } from '../schema-validation.js';

const databaseTimeoutMs = 2_000;

/** `GET /healthz`: the process is up. `GET /readyz`: it can answer, too. */
export function addHealthRoutes(api: Api, { database, model, log }: ApiContext): void {
  api.get('/healthz', {
    config: { rateLimit: false },
    schema: {
      tags: ['health'],
      summary: 'The process is up',
      response: { 200: Type.Object({ status: Type.Literal('ok') }) },
    },
    handler: async () => ({ status: 'ok' as const }),
  });

  api.get('/readyz', {
    config: { rateLimit: false },
    schema: {
      tags: ['health'],
      summary: 'The database answers and the model is loaded',
      response: { 200: Type.Object({ status: Type.Literal('ready'), model: modelSchema }), ...problems },
    },
    async handler() {
      const answer = database.pool.query('SELECT 1').then(
        () => true,
        (error: Error) => {
          log.warn({ error: error.message }, 'not ready: the database does not answer');
          return false;
        },
      );
      const isReady = await Promise.race([answer, sleep(databaseTimeoutMs, false, { ref: false })]);
      if (!isReady) throw new Problem('not_ready', 'The database does not answer');
      // The model was loaded before the service began to listen.
      return { status: 'ready' as const, model: { name: model.name, fingerprint: model.fingerprint } };
    },
  });
}
