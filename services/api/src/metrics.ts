import { countRunsByStatus } from '@tuhai/core/store/count-runs';
import { collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { Type } from 'typebox';
import type { ApiContext } from './api-context.js';
import { problems } from './api-schemas.js';
import type { Api } from './schema-validation.js';

/** `GET /metrics`, for Prometheus: this process, its answers, and how the runs stand. Register it before the routes. */
export function addMetrics(api: Api, { database, log }: ApiContext): void {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const answers = new Histogram({
    name: 'tuhai_http_request_duration_seconds',
    help: 'Answers of the API by route and status',
    labelNames: ['method', 'route', 'status'] as const,
    buckets: [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
    registers: [registry],
  });
  registry.registerMetric(
    new Gauge({
      name: 'tuhai_runs',
      help: 'Runs by status',
      labelNames: ['status'] as const,
      registers: [],
      async collect() {
        this.reset();
        const counts = await countRunsByStatus(database).catch((error: Error) => {
          log.warn({ error: error.message }, 'metrics without runs: the database does not answer');
          return [];
        });
        for (const { status, count } of counts) this.set({ status }, count);
      },
    }),
  );
  api.addHook('onResponse', async ({ method, routeOptions, is404 }, { statusCode, elapsedTime }) => {
    const route = is404 ? 'none' : (routeOptions.url ?? 'none');
    answers.observe({ method, route, status: statusCode }, elapsedTime / 1000);
  });
  api.addHook('onClose', async () => registry.clear());

  api.get('/metrics', {
    config: { scope: 'read', rateLimit: false },
    schema: {
      tags: ['health'],
      summary: 'Metrics in the Prometheus text format',
      response: { 200: metricsSchema, ...problems },
    },
    handler: async (_request, reply) => reply.type(registry.contentType).send(await registry.metrics()),
  });
}

const metricsSchema = {
  description: 'Requests and their latencies, runs by status, the process',
  content: { 'text/plain': { schema: Type.String() } },
};
