import { type FailureCode, ItemFailure } from '../item-failure.js';
import { UsageError } from '../usage-error.js';
import { SourceError } from './source-error.js';

/** S3 error codes, and errors of the SDK and of Node's sockets, whose meaning the HTTP status does not tell. */
const codeByErrorName: Readonly<Record<string, FailureCode>> = {
  NoSuchKey: 'not_found',
  NoSuchBucket: 'not_found',
  NotFound: 'not_found',
  AccessDenied: 'access_denied',
  InvalidAccessKeyId: 'access_denied',
  SignatureDoesNotMatch: 'access_denied',
  InvalidObjectState: 'access_denied',
  CredentialsProviderError: 'access_denied',
  SlowDown: 'throttled',
  Throttling: 'throttled',
  ThrottlingException: 'throttled',
  TooManyRequests: 'throttled',
  TooManyRequestsException: 'throttled',
  RequestLimitExceeded: 'throttled',
  // Credentials run out, clocks are set right again: the objects are not to blame.
  ExpiredToken: 'source_unavailable',
  TokenRefreshRequired: 'source_unavailable',
  RequestTimeTooSkewed: 'source_unavailable',
  RequestTimeout: 'source_unavailable',
  TimeoutError: 'source_unavailable',
  ECONNREFUSED: 'source_unavailable',
  ECONNRESET: 'source_unavailable',
  ECONNABORTED: 'source_unavailable',
  ETIMEDOUT: 'source_unavailable',
  ENOTFOUND: 'source_unavailable',
  EAI_AGAIN: 'source_unavailable',
  EHOSTUNREACH: 'source_unavailable',
  ENETUNREACH: 'source_unavailable',
  EPIPE: 'source_unavailable',
};

/** What an error of the SDK, or of a body that it streams, means for the object that was asked for. */
export function s3Failure(error: unknown): ItemFailure {
  if (error instanceof ItemFailure) return error;
  const names = errorNames(error);
  const status = httpStatus(error);
  const named = names.map((name) => codeByErrorName[name]).find((code) => code !== undefined);
  return new ItemFailure(named ?? codeOfStatus(status), describe(error, names, status), { cause: error });
}

/**
 * What an error means for a listing: at its start mostly that something is set up wrongly, later that S3 fails.
 * @param place what was tried, with endpoint and bucket, and without secrets: "list bucket "b" at http://…"
 */
export function s3ListingError(
  error: unknown,
  place: { tried: string; isStart: boolean },
): UsageError | SourceError {
  const failure = s3Failure(error);
  const message = `Cannot ${place.tried}: ${failure.message}`;
  const options = { cause: error };
  if (isRegionMissing(error)) return new UsageError(`${message}. Set AWS_REGION.`, options);
  const isSettled = !failure.retryable || errorNames(error).some((name) => wrongAddress.has(name));
  return place.isStart && isSettled ? new UsageError(message, options) : new SourceError(message, options);
}

const wrongAddress = new Set(['ECONNREFUSED', 'ENOTFOUND', 'ERR_INVALID_URL']);

/** The SDK throws a plain Error when neither the settings nor the environment nor a profile names a region. */
const isRegionMissing = (error: unknown): boolean =>
  error instanceof Error && error.message === 'Region is missing';

function codeOfStatus(status: number | undefined): FailureCode {
  if (status === 404) return 'not_found';
  if (status === 429) return 'throttled';
  if (status === 408 || status === undefined) return 'source_unavailable';
  // A 200 or 206 whose answer could not be read, or the service's own trouble.
  return status >= 500 || status < 300 ? 'source_unavailable' : 'access_denied';
}

function describe(error: unknown, names: string[], status: number | undefined): string {
  const message = error instanceof Error ? error.message : String(error);
  const answer = status === undefined ? names[0] : `HTTP ${status} ${names[0] ?? ''}`.trim();
  return message.trim() === '' || message === names[0] ? `${answer}` : `${answer}: ${message}`;
}

/** Most telling first: the service's or the system's code, then the class; a connection error may wrap several. */
function errorNames(error: unknown): string[] {
  if (!(error instanceof Error)) return [];
  const code = 'code' in error && typeof error.code === 'string' ? [error.code] : [];
  const inner = error instanceof AggregateError ? error.errors.flatMap(errorNames) : [];
  return [...code, error.name, ...inner];
}

function httpStatus(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('$metadata' in error)) return undefined;
  const metadata = error.$metadata;
  if (typeof metadata !== 'object' || metadata === null || !('httpStatusCode' in metadata)) return undefined;
  return typeof metadata.httpStatusCode === 'number' ? metadata.httpStatusCode : undefined;
}
