import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import cors from '@fastify/cors';
import multipart from '@fastify/multipart';
import {
  fastify,
  LogController,
  type FastifyBaseLogger,
  type FastifyError,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify';
import type { AccessSettings } from './access/access-settings.js';
import { addAccess } from './access/add-access.js';
import type { ApiContext } from './api-context.js';
import { addMetrics } from './metrics.js';
import { addOpenApi } from './openapi.js';
import { Problem, problemDocument } from './problem.js';
import { refuseConnection } from './refuse-connection.js';
import { addDuplicateRoute } from './routes/duplicates.js';
import { addExportRoute } from './routes/export.js';
import { addHealthRoutes } from './routes/health.js';
import { addImageRoutes } from './routes/images.js';
import { addImageListRoutes } from './routes/image-list.js';
import { addLabelSetRoutes } from './routes/label-sets.js';
import { addPage } from './routes/page.js';
import { addReviewRoutes } from './routes/reviews.js';
import { addRunControlRoutes } from './routes/run-control.js';
import { addRunEvents } from './routes/run-events.js';
import { addRunRoutes } from './routes/runs.js';
import { addScoringRoutes } from './routes/scoring.js';
import { addSearchRoute } from './routes/search.js';
import { addSessionRoutes } from './routes/session.js';
import { addTextRoutes } from './routes/texts.js';
import { compileValidator, type Api, type TypeBoxProvider } from './schema-validation.js';
import { addSecurityHeaders } from './security-headers.js';
import { toProblem } from './to-problem.js';

/** Of JSON bodies; uploads have the limit of images. */
const bodyBytesMax = 1_000_000;
/** For a whole request to arrive, an upload over a slow line included. */
const requestTimeoutMs = 300_000;

/** The whole API with its page, not yet listening. Who may ask, and how often, comes from the configuration. */
export async function buildApp(context: ApiContext, settings: AccessSettings): Promise<Api> {
  const api = fastify({
    loggerInstance: context.log as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: bodyBytesMax,
    requestTimeout: requestTimeoutMs,
    genReqId: requestId,
    frameworkErrors: sendProblem,
    clientErrorHandler: refuseConnection,
  }).withTypeProvider<TypeBoxProvider>();
  api.setValidatorCompiler(compileValidator);
  api.setErrorHandler(sendProblem);
  api.setNotFoundHandler(({ method, url }) => {
    throw new Problem('not_found', `There is no ${method} ${url}`);
  });
  api.removeContentTypeParser('text/plain');
  addSecurityHeaders(api);
  api.addHook('onResponse', async (request, reply) => {
    const { method, url } = request;
    const durationMs = Math.round(reply.elapsedTime);
    const caller = request.caller?.name;
    request.log.debug({ method, url, caller, status: reply.statusCode, durationMs }, 'request');
  });
  await addAccess(api, settings);
  if (settings.apiCorsOrigins.length > 0)
    await api.register(cors, { origin: settings.apiCorsOrigins, exposedHeaders: ['x-request-id'] });
  await api.register(multipart);
  addMetrics(api, context);
  await addOpenApi(api);
  addSessionRoutes(api, settings);
  addSearchRoute(api, context);
  addImageRoutes(api, context);
  addImageListRoutes(api, context);
  addDuplicateRoute(api, context);
  addLabelSetRoutes(api, context);
  addExportRoute(api, context);
  addReviewRoutes(api, context);
  addRunRoutes(api, context);
  addRunControlRoutes(api, context);
  addRunEvents(api, context);
  addTextRoutes(api, context);
  addScoringRoutes(api, context);
  addHealthRoutes(api, context);
  await addPage(api);
  return api;
}

/** The client's own, where it is one that may stand in a log and a header. */
function requestId({ headers }: { headers: IncomingHttpHeaders }): string {
  const given = headers['x-request-id'];
  return typeof given === 'string' && /^[\w.:/+=-]{1,128}$/.test(given) ? given : randomUUID();
}

function sendProblem(error: FastifyError | Error, request: FastifyRequest, reply: FastifyReply): void {
  const problem = toProblem(error);
  if (problem.status >= 500)
    request.log.error({ err: problem.cause ?? problem, url: request.url }, problem.message);
  if (problem.status === 401) void reply.header('www-authenticate', 'Bearer realm="tuhai"');
  void reply
    .code(problem.status)
    .header('cache-control', 'no-store')
    .type('application/problem+json')
    .serializer(JSON.stringify)
    .send(problemDocument(problem, request.id));
}
