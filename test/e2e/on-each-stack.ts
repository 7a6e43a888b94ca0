import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DeleteObjectCommand } from '@aws-sdk/client-s3';
import { startFolderS3 } from '@tuhai/cli/embedded/s3/folder-s3';
import { stopEmbeddedPostgres } from '@tuhai/cli/embedded/postgres/embedded-postgres';
import { migrate } from '@tuhai/core/store/migrate';
import test, { type ExecutionContext } from 'ava';
import { goldenPath } from '../golden/golden.js';
import { type Fault, type S3Request, startFaultyS3 } from '../rig/faulty-s3.js';
import { sharedMoto } from '../rig/moto.js';
import { oncePerProcess } from '../rig/once-per-process.js';
import { sharedPostgres } from '../rig/postgres.js';
import { startRedis } from '../rig/redis.js';
import { serviceTest } from '../rig/service-test.js';
import { startTuhai } from './tuhai.js';

/** Everything that a tuhai command needs, and a bucket behind a proxy that counts and spoils requests. */
export interface TestStack {
  env: Record<string, string>;
  bucket: string;
  put(key: string, bytes: Uint8Array | string): Promise<void>;
  remove(key: string): Promise<void>;
  /** Asked for each request to S3; may be replaced at any time. */
  fault: (request: S3Request) => Fault | undefined;
  /** Keys of the objects that were fetched since this was last asked, in order. */
  fetched(): string[];
}

export const tinyModel = goldenPath('tiny-clip');

let count = 0;
const newName = (): string => `tuhai-${process.pid}-${++count}`;
/** A Redis has 16. */
let redisDatabases = 0;

/** Declares a test twice: with everything embedded, and with Redis, PostgreSQL, another S3 and a tuhai worker. */
export function onEachStack(
  title: string,
  body: (t: ExecutionContext, stack: TestStack) => Promise<void>,
): void {
  const withTimeout = (open: typeof embeddedStack) => async (t: ExecutionContext) => {
    t.timeout(600_000);
    await body(t, await open(t));
  };
  test.serial(`embedded: ${title}`, withTimeout(embeddedStack));
  serviceTest(
    'redis',
    'postgres',
    's3',
  )(
    `services: ${title}`,
    withTimeout(async (t) => {
      const stack = await servicesStack(t);
      startTuhai(t, ['worker'], stack);
      return stack;
    }),
  );
}

/** A home of its own, and a folder served as a bucket. */
export async function embeddedStack(t: ExecutionContext): Promise<TestStack> {
  const folder = mkdtempSync(join(tmpdir(), 'tuhai-e2e-'));
  const [home, directory, bucket] = [join(folder, 'home'), join(folder, 'bucket'), 'pictures'];
  mkdirSync(home);
  mkdirSync(directory);
  const s3 = await startFolderS3({ directory, bucket });
  t.teardown(async () => {
    await s3.close();
    await stopEmbeddedPostgres({ home });
    rmSync(folder, { recursive: true, force: true });
  });
  return behindProxy(t, s3.endpoint, {
    env: { TUHAI_HOME: home },
    bucket,
    async put(key, bytes) {
      mkdirSync(dirname(join(directory, key)), { recursive: true });
      writeFileSync(join(directory, key), bytes);
    },
    remove: async (key) => rmSync(join(directory, key)),
  });
}

/** One server of each kind a test process; a queue, a database and a bucket of its own each time. */
export async function servicesStack(t: ExecutionContext): Promise<TestStack> {
  const [redis, postgres, moto] = await Promise.all([sharedRedis(), sharedPostgres(), sharedMoto()]);
  const [databaseUrl, bucket] = [await postgres.createDatabase(migrated), newName()];
  await moto.createBucket(bucket);
  return behindProxy(t, moto.endpoint, {
    env: { DATABASE_URL: databaseUrl, REDIS_URL: `${redis.url}/${redisDatabases++}` },
    bucket,
    put: (key, bytes) => moto.put(bucket, key, bytes),
    async remove(key) {
      await moto.client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }));
    },
  });
}

const sharedRedis = oncePerProcess(() => startRedis());
const migrated = async (url: string): Promise<void> => void (await migrate(url));

async function behindProxy(
  t: ExecutionContext,
  target: string,
  stack: Omit<TestStack, 'fault' | 'fetched'>,
): Promise<TestStack> {
  const seen: string[] = [];
  const proxied: TestStack = {
    ...stack,
    fault: () => undefined,
    fetched: () => seen.splice(0),
  };
  const proxy = await startFaultyS3({
    target,
    fault(request) {
      const [, bucket, ...key] = request.path.split('/');
      if (request.method === 'GET' && bucket === stack.bucket && key.join('') !== '')
        seen.push(key.join('/'));
      return proxied.fault(request);
    },
  });
  t.teardown(proxy.stop);
  const credentials = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test', AWS_REGION: 'us-east-1' };
  proxied.env = { ...credentials, S3_ENDPOINT: proxy.endpoint, MODEL_DIR: tinyModel, ...stack.env };
  return proxied;
}

export async function putAll(
  stack: TestStack,
  objects: Readonly<Record<string, Uint8Array | string>>,
): Promise<void> {
  await Promise.all(Object.entries(objects).map(([key, bytes]) => stack.put(key, bytes)));
}
