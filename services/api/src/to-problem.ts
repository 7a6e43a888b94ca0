import { ItemFailure } from '@tuhai/core/item-failure';
import { UsageError } from '@tuhai/core/usage-error';
import { Problem, type ProblemCode } from './problem.js';

/** The one boundary at which errors become answers. What nobody expected says nothing of itself. */
export function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof UsageError) return new Problem('invalid_request', error.message, { cause: error });
  if (error instanceof ItemFailure && error.code !== 'internal') {
    return new Problem(error.code, error.message, { cause: error });
  }
  const { statusCode, code, message } = error as Error & { statusCode?: number; code?: string };
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return new Problem(clientErrors[statusCode] ?? 'invalid_request', message, {
      status: statusCode,
      cause: error,
    });
  }
  if (isConnectionError(code, message)) {
    return new Problem('database_unavailable', 'Try again in a moment', { cause: error });
  }
  return new Problem('internal', 'The log has more under this request id', { cause: error });
}

/** Fastify's own refusals, by their status. */
const clientErrors: Partial<Record<number, ProblemCode>> = {
  404: 'not_found',
  406: 'unsupported_media_type',
  413: 'body_too_large',
  415: 'unsupported_media_type',
};

/** Of the system, of Postgres (class 08 connection exceptions, 57P shut down or starting, 53300 too many), of the pool. */
const isConnectionError = (code: string | undefined, message: string): boolean =>
  /^(ECONN(REFUSED|RESET)|EPIPE|ENOENT|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|08...|57P0[123]|53300)$/.test(
    code ?? '',
  ) || /^(Connection terminated|timeout exceeded when trying to connect)/.test(message);
