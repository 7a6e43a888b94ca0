import { openQueue } from '@tuhai/core/queue/connect-queue';
import type { ListPage, Source } from '@tuhai/core/source/source';
import { registerModel, type StoredModel } from '@tuhai/core/store/register-model';
import { produceRun } from '@tuhai/producer/produce-run';
import { Redis } from 'ioredis';
import { startRedis } from '../test/rig/redis.js';
import { databases, type BenchDatabase } from './databases.js';
import { numbersOf } from './options.js';
import { report } from './report.js';

/**
 * The producer over a simulated source: keys/s into Redis or the database's own queue, Redis bytes a queued key, the
 * most memory it took, and how fast a second run skips what has been embedded meanwhile. [--keys N]: the largest source
 */
export async function benchEnqueue(argv: string[]): Promise<void> {
  const { keys } = numbersOf(argv, { keys: 1_000_000 });
  const counts = [...new Set([Math.min(100_000, keys), keys])];
  const results = [];
  for (const count of counts) results.push(await measure('redis', count));
  results.push(await measure('postgres', Math.min(100_000, keys)));
  results.push(await measure('embedded', Math.min(50_000, keys)));
  const redis = results.filter(({ queue }) => queue === 'redis');
  const [small, large] = [redis[0], redis.at(-1)];
  report('enqueue', {
    conditions: 'simulated source, pages of 1,000, chunks of 62',
    table: results.map((r) => ({
      what: `${r.queue}, ${r.keys} keys`,
      'keys/s': r.keysPerSecond,
      'unchanged keys/s': r.unchangedPerSecond,
      'Redis bytes/key': r.redisBytesPerKey,
      'memory at most, MB': r.memoryMb,
    })),
    ratio: `${large?.keysPerSecond} keys/s into Redis, ${large?.redisBytesPerKey} bytes a key; ${large?.keys} keys take ${((large?.memoryMb ?? 0) / (small?.memoryMb ?? 1)).toFixed(2)} × the memory of ${small?.keys}`,
    details: { results },
  });
}

async function measure(queue: 'redis' | 'postgres' | 'embedded', keys: number) {
  const where: BenchDatabase = await databases[queue === 'embedded' ? 'embedded' : 'postgres']();
  const redis = queue === 'redis' ? await startRedis() : undefined;
  const opened = openQueue('bench', {
    ...(redis && { redisUrl: redis.url }),
    databaseUrl: where.url,
    onError: (error) => process.stderr.write(`${error.message}\n`),
  });
  try {
    await opened.queue.waitUntilReady();
    const { database } = where;
    const model = await registerModel(database, {
      fingerprint: 'bench',
      name: 'bench',
      family: 'clip',
      dimension: 4,
    });
    const redisBefore = redis ? await redisBytes(redis.url) : 0;
    const memory = watchMemory();
    const run = async () => {
      const startedMs = performance.now();
      await produceRun({
        database,
        queue: opened.queue,
        source: simulated(keys),
        model,
        labelSetIds: [],
        prune: false,
        chunkSize: 64,
        openChunksMax: Infinity,
      });
      return Math.round(keys / ((performance.now() - startedMs) / 1_000));
    };
    const keysPerSecond = await run();
    const redisBytesPerKey = redis
      ? Number((((await redisBytes(redis.url)) - redisBefore) / keys).toFixed(1))
      : null;
    const unchanged = Math.min(keys, 100_000);
    await embedAll(where, model);
    const startedMs = performance.now();
    await produceRun({
      database,
      queue: opened.queue,
      source: simulated(unchanged),
      model,
      labelSetIds: [],
      prune: false,
      chunkSize: 64,
      openChunksMax: 1_000,
    });
    const unchangedPerSecond = Math.round(unchanged / ((performance.now() - startedMs) / 1_000));
    return { queue, keys, keysPerSecond, unchangedPerSecond, redisBytesPerKey, memoryMb: memory.stop() };
  } finally {
    await opened.close();
    await redis?.stop();
    await where.close();
  }
}

/** As if workers had done all of it. */
async function embedAll({ database }: BenchDatabase, model: StoredModel): Promise<void> {
  await database.pool.query(
    `INSERT INTO images (source_id, key, etag, size_bytes)
     SELECT 1, o->>0, o->>1, 1 FROM chunks, jsonb_array_elements(objects) AS o LIMIT 100000`,
  );
  await database.pool.query(
    `INSERT INTO embeddings (model_id, image_id, run_id, etag, embedding)
     SELECT $1, id, 1, etag, '[1,0,0,0]' FROM images`,
    [model.id],
  );
  await database.pool.query(`UPDATE chunks SET remaining = 0, objects = '[]'`);
  await database.pool.query(`UPDATE runs SET status = 'finished'`);
  await database.pool.query('ANALYZE');
}

function simulated(keys: number): Source {
  return {
    uri: 's3://simulated',
    async *list(): AsyncGenerator<ListPage> {
      for (let from = 0; from < keys; from += 1_000) {
        const objects = Array.from({ length: Math.min(1_000, keys - from) }, (_, i) => ({
          key: `photos/2026/${String(from + i).padStart(12, '0')}.jpg`,
          etag: (from + i).toString(16).padStart(32, '0'),
          sizeBytes: 150_000,
        }));
        yield { objects, cursor: objects.at(-1)?.key ?? '' };
      }
    },
    fetch: () => Promise.reject(new Error('nothing is fetched')),
  };
}

async function redisBytes(url: string): Promise<number> {
  const client = new Redis(url);
  try {
    return Number(/used_memory:(\d+)/.exec(await client.info('memory'))?.[1]);
  } finally {
    client.disconnect();
  }
}

/** Of this process: the producer. */
function watchMemory(): { stop(): number } {
  let most = 0;
  const timer = setInterval(() => {
    most = Math.max(most, process.memoryUsage().rss);
  }, 50);
  return {
    stop() {
      clearInterval(timer);
      return Math.round(most / 1e6);
    },
  };
}
