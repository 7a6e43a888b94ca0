import { ItemFailure } from '../item-failure.js';

/**
 * Runs `work` and gives up on it after `timeoutMs`, or when `signal` aborts; then the signal that `work` got is
 * aborted too, and what it answers later is ignored.
 * @throws {ItemFailure} timeout
 * @throws the reason of `signal`
 */
export async function withDeadline<T>(
  options: { timeoutMs: number; what: string; signal?: AbortSignal | undefined },
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { timeoutMs, what, signal } = options;
  signal?.throwIfAborted();
  // Not AbortSignal.any: on Node 20 each of its signals stays reachable from a long-lived one.
  const controller = new AbortController();
  const onAbort = (): void => controller.abort(signal?.reason);
  const timer = setTimeout(() => {
    controller.abort(new ItemFailure('timeout', `${what} took longer than ${timeoutMs} ms`));
  }, timeoutMs);
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([work(controller.signal), rejection(controller.signal)]);
  } catch (error) {
    throw controller.signal.aborted ? controller.signal.reason : error;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
  }
}

/** Rejects when the signal aborts: work that does not heed it (a back-off, a dead mount) must not hold us. */
function rejection(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
