/**
 * Why one image could not be embedded, and whether trying again can help.
 * The table is the contract: stored in `failures.code`, shown by `tuhai failures`, accepted by `tuhai retry --code`.
 */
export const failureCodes = {
  not_found: { retryable: false },
  access_denied: { retryable: false },
  too_large: { retryable: false },
  too_many_pixels: { retryable: false },
  unsupported_format: { retryable: false },
  corrupt: { retryable: false },
  decoder_crashed: { retryable: false },
  timeout: { retryable: true },
  throttled: { retryable: true },
  source_unavailable: { retryable: true },
  out_of_memory: { retryable: true },
  internal: { retryable: true },
} as const satisfies Record<string, { retryable: boolean }>;

export type FailureCode = keyof typeof failureCodes;

export const isFailureCode = (code: string): code is FailureCode => Object.hasOwn(failureCodes, code);

/** An expected failure of one image. Its message names the cause; the key stands beside it in the outcome. */
export class ItemFailure extends Error {
  override name = 'ItemFailure';

  constructor(
    readonly code: FailureCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }

  get retryable(): boolean {
    return failureCodes[this.code].retryable;
  }
}

/** The failure that any error thrown while one image was worked on amounts to. */
export function toItemFailure(error: unknown): ItemFailure {
  if (error instanceof ItemFailure) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new ItemFailure('internal', message, { cause: error });
}
