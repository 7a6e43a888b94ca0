import { Redis } from 'ioredis';
import { UsageError } from '../usage-error.js';

const connectTimeoutMs = 5_000;

/**
 * Resolves when Redis answers. The queue itself waits for a Redis that is away, for ever: right for a worker
 * amid its work, wrong for a command that was told the wrong address.
 * @throws {UsageError} that names the address, without its password
 */
export async function checkRedis(redisUrl: string): Promise<void> {
  const redis = new Redis(redisUrl, {
    lazyConnect: true,
    retryStrategy: () => null,
    connectTimeout: connectTimeoutMs,
  });
  // What connect() itself rejects with is only that the connection is closed.
  let reason: Error | undefined;
  redis.on('error', (error) => {
    reason = error;
  });
  try {
    await redis.connect();
    await redis.ping();
  } catch (error) {
    const cause = reason ?? (error as Error);
    throw new UsageError(`REDIS_URL: Redis at ${new URL(redisUrl).host} does not answer: ${cause.message}`, {
      cause,
    });
  } finally {
    redis.disconnect();
  }
}
