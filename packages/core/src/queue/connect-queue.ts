import { createPostgresBackend, Queue, Worker, type PgPool, type Processor } from 'bullmq';
import { Redis } from 'ioredis';
import { Pool } from 'pg';
import { chunkBackoffMs } from './chunk-backoff.js';

/** What a queued job carries. The chunk's objects are in the database, so a lost queue loses nothing. */
export type ChunkJob = { chunkId: number } | { finishRunId: number };

/** Where the queue lives: Redis when there is one, else the database. */
export interface QueueLocation {
  redisUrl?: string;
  databaseUrl: string;
  /** Told of connection errors; BullMQ reconnects by itself. */
  onError: (error: Error) => void;
}

export interface OpenQueue {
  queue: Queue<ChunkJob>;
  close(): Promise<void>;
}

/** Workers take jobs of their own model only: one queue a fingerprint. */
export const queueName = (fingerprint: string): string => `tuhai-${fingerprint.slice(0, 12)}`;

export function openQueue(name: string, location: QueueLocation): OpenQueue {
  // Finished jobs are removed at once: a kept one would keep its id from being queued again.
  const defaultJobOptions = {
    removeOnComplete: true,
    removeOnFail: true,
    // BullMQ gives up after these; the sweep brings back a chunk that is still open.
    attempts: 20,
    backoff: { type: 'chunk' },
  };
  const connection = connect(location);
  const queue =
    connection instanceof Redis
      ? new Queue<ChunkJob>(name, { connection, defaultJobOptions })
      : new Queue(name, { connection: forBullmq(connection), defaultJobOptions }, createPostgresBackend);
  queue.on('error', location.onError);
  return {
    queue: queue as unknown as Queue<ChunkJob>,
    async close() {
      await queue.close();
      await disconnect(connection);
    },
  };
}

/** Takes jobs until closed; `close()` waits for the jobs in hand. */
export function openWorker(
  name: string,
  location: QueueLocation,
  work: Processor<ChunkJob>,
  options: { concurrency: number; lockDurationMs: number; onFailed: (job: ChunkJob, error: Error) => void },
): { close(): Promise<void> } {
  const workerOptions = {
    concurrency: options.concurrency,
    // A stalled job is redelivered for as long as it takes: the chunk itself counts its crashes.
    maxStalledCount: 2 ** 31 - 1,
    lockDuration: options.lockDurationMs,
    stalledInterval: options.lockDurationMs,
    settings: { backoffStrategy: chunkBackoffMs },
  };
  const connection = connect(location);
  const worker =
    connection instanceof Redis
      ? new Worker<ChunkJob>(name, work, { ...workerOptions, connection })
      : new Worker(
          name,
          work,
          { ...workerOptions, connection: forBullmq(connection) },
          createPostgresBackend,
        );
  worker.on('error', location.onError);
  worker.on('failed', (job, error) => options.onFailed(job?.data as ChunkJob, error));
  return {
    async close() {
      await worker.close();
      await disconnect(connection);
    },
  };
}

function connect({ redisUrl, databaseUrl, onError }: QueueLocation): Redis | Pool {
  if (redisUrl) {
    // BullMQ asks for null: a worker waits for Redis to come back instead of failing.
    return new Redis(redisUrl, { maxRetriesPerRequest: null }).on('error', onError);
  }
  // BullMQ's tables live in a schema of their own, and its statements name them without it.
  const options = '-c search_path=bullmq';
  return new Pool({ connectionString: databaseUrl, options, max: 4, keepAlive: true }).on('error', onError);
}

/** BullMQ's own notion of a pool has narrower event types than node-postgres's. */
const forBullmq = (pool: Pool) => pool as unknown as PgPool;

async function disconnect(connection: Redis | Pool): Promise<void> {
  await (connection instanceof Redis ? connection.quit() : connection.end());
}
