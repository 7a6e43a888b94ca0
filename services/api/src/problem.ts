import { isFailureCode, type FailureCode } from '@tuhai/core/item-failure';

/** What the API itself may answer besides success. The codes are the contract; an image's own failure adds its code. */
export const problemCodes = {
  invalid_request: { status: 400, title: 'The request is not valid' },
  unauthorized: { status: 401, title: 'A key is needed' },
  forbidden: { status: 403, title: 'Not allowed' },
  rate_limited: { status: 429, title: 'Too many requests' },
  not_found: { status: 404, title: 'There is nothing at this address' },
  image_not_found: { status: 404, title: 'There is no such image' },
  run_not_found: { status: 404, title: 'There is no such run' },
  label_set_not_found: { status: 404, title: 'There is no such label set' },
  review_not_found: { status: 404, title: 'There is no such review item' },
  review_conflict: { status: 409, title: 'Somebody else has it, or was faster' },
  source_not_allowed: { status: 403, title: 'Not a source that clients may name' },
  run_ended: { status: 409, title: 'The run has ended already' },
  text_not_understood: { status: 422, title: 'The model knows nothing of the text' },
  corpus_full: { status: 409, title: 'The corpus holds no more texts' },
  body_too_large: { status: 413, title: 'The request is too large' },
  headers_too_large: { status: 431, title: 'The headers are too large' },
  request_timeout: { status: 408, title: 'The request took too long to arrive' },
  unsupported_media_type: { status: 415, title: 'Not a content type this address takes' },
  too_many_streams: { status: 503, title: 'Too many streams are open' },
  internal: { status: 500, title: 'Something went wrong here' },
  not_ready: { status: 503, title: 'The service is not ready' },
  database_unavailable: { status: 503, title: 'The database does not answer' },
} as const satisfies Record<string, { status: number; title: string }>;

/** An uploaded or stored picture that cannot be used. */
const imageProblems = {
  not_found: { status: 404, title: 'The image is gone from its source' },
  access_denied: { status: 403, title: 'The source does not let us read the image' },
  too_large: { status: 413, title: 'The image is too large' },
  too_many_pixels: { status: 413, title: 'The image has too many pixels' },
  unsupported_format: { status: 415, title: 'Not an image format we decode' },
  corrupt: { status: 422, title: 'The image is damaged' },
  decoder_crashed: { status: 422, title: 'The image crashed its decoder' },
  timeout: { status: 422, title: 'The image took too long to decode' },
  throttled: { status: 503, title: 'The source is busy' },
  source_unavailable: { status: 503, title: 'The source cannot be reached' },
  out_of_memory: { status: 503, title: 'Not enough memory for the image' },
  internal: problemCodes.internal,
} as const satisfies Record<FailureCode, { status: number; title: string }>;

export type ProblemCode = keyof typeof problemCodes | FailureCode;

/** An expected answer other than success, shown to the client as it is: `detail` must hold nothing internal. */
export class Problem extends Error {
  override name = 'Problem';

  constructor(
    readonly code: ProblemCode,
    readonly detail: string,
    options?: ErrorOptions & { status?: number },
  ) {
    super(detail, options);
    this.status = options?.status ?? describe(code).status;
  }

  readonly status: number;
}

/** An RFC 9457 document, as `application/problem+json`. */
export interface ProblemDocument {
  type: string;
  title: string;
  status: number;
  detail?: string;
  code: ProblemCode;
  requestId: string;
}

export function problemDocument({ code, status, detail }: Problem, requestId: string): ProblemDocument {
  const { title } = describe(code);
  return { type: `urn:tuhai:problem:${code}`, title, status, ...(detail && { detail }), code, requestId };
}

/** `not_found` and `internal` mean both; of an image they come with a detail that says so. */
function describe(code: ProblemCode): { status: number; title: string } {
  if (code in problemCodes) return problemCodes[code as keyof typeof problemCodes];
  if (isFailureCode(code)) return imageProblems[code];
  throw new TypeError(`unknown problem code ${code}`);
}
