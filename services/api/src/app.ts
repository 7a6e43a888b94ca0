import { randomUUID } from 'node:crypto';
import multipart from '@fastify/multipart';
import {
  fastify,
  LogController,
  type FastifyBaseLogger,
  type FastifyError,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify';
import type { ApiContext } from './api-context.js';
import { addOpenApi } from './openapi.js';
import { Problem, problemDocument } from './problem.js';
import { addHealthRoutes } from './routes/health.js';
import { addImageRoutes } from './routes/images.js';
import { addImageListRoutes } from './routes/image-list.js';
import { addLabelSetRoutes } from './routes/label-sets.js';
import { addPage } from './routes/page.js';
import { addRunEvents } from './routes/run-events.js';
import { addRunRoutes } from './routes/runs.js';
import { addSearchRoute } from './routes/search.js';
import { compileValidator, type Api, type TypeBoxProvider } from './schema-validation.js';
import { addSecurityHeaders } from './security-headers.js';
import { toProblem } from './to-problem.js';

/** Of JSON bodies; uploads have the limit of images. */
const bodyBytesMax = 1_000_000;
/** For a whole request to arrive, an upload over a slow line included. */
const requestTimeoutMs = 300_000;

/** The whole API with its page, not yet listening. */
export async function buildApp(context: ApiContext): Promise<Api> {
  const api = fastify({
    loggerInstance: context.log as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: bodyBytesMax,
    requestTimeout: requestTimeoutMs,
    genReqId: () => randomUUID(),
    frameworkErrors: sendProblem,
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
    request.log.debug({ method, url, status: reply.statusCode, durationMs }, 'request');
  });
  await api.register(multipart);
  await addOpenApi(api);
  addSearchRoute(api, context);
  addImageRoutes(api, context);
  addImageListRoutes(api, context);
  addLabelSetRoutes(api, context);
  addRunRoutes(api, context);
  addRunEvents(api, context);
  addHealthRoutes(api, context);
  await addPage(api);
  return api;
}

function sendProblem(error: FastifyError | Error, request: FastifyRequest, reply: FastifyReply): void {
  const problem = toProblem(error);
  if (problem.status >= 500)
    request.log.error({ err: problem.cause ?? problem, url: request.url }, problem.message);
  void reply
    .code(problem.status)
    .header('cache-control', 'no-store')
    .type('application/problem+json')
    .serializer(JSON.stringify)
    .send(problemDocument(problem, request.id));
}
