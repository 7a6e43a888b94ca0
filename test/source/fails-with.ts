import { type FailureCode, ItemFailure } from '@tuhai/core/item-failure';
import type { ExecutionContext } from 'ava';

/** Asserts that it fails, as one image does, with this code and a message like this. */
export async function failsWith(
  t: ExecutionContext,
  fetching: Promise<unknown>,
  code: FailureCode,
  message = /./,
): Promise<void> {
  const error = await t.throwsAsync(fetching);
  t.is(error instanceof ItemFailure ? error.code : undefined, code, String(error));
  t.regex(error?.message ?? '', message);
}
