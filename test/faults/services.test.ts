import test from 'ava';
import { servicesStack, type TestStack } from '../e2e/on-each-stack.js';
import { startTuhai, tuhaiJson } from '../e2e/tuhai.js';
import type { Fault } from '../rig/faulty-s3.js';
import { startRedis } from '../rig/redis.js';
import { serviceTest } from '../rig/service-test.js';
import { openBooks } from './accounts.js';
import { isPicture, slowBucket } from './slow-bucket.js';

test.beforeEach((t) => t.timeout(600_000));

const count = 24;
/** Jobs of the dead come back soon, and the sweep looks often. */
const quick = { LOCK_DURATION_MS: '3000' };
const enqueue = ({ bucket }: TestStack) => ['run', `s3://${bucket}/pictures/`, '--chunk', '3'];
const servicesTest = serviceTest('redis', 'postgres', 's3').serial;

servicesTest('Redis comes back empty in mid-run: the sweep queues again what is open', async (t) => {
  const stack = await servicesStack(t);
  const redis = await startRedis();
  const keys = await slowBucket(stack, count);
  const options = { env: { ...stack.env, ...quick, REDIS_URL: redis.url } };
  const worker = startTuhai(t, ['worker'], options);
  await tuhaiJson(t, enqueue(stack), options);
  const books = openBooks(t, stack.env['DATABASE_URL'] ?? '');
  await books.until(({ embedded }) => embedded > 0);
  await redis.stop();
  t.true((await books.accounts()).pending > 0);
  const empty = await startRedis({ port: redis.port });
  await books.until(({ status }) => status === 'finished');
  await books.balance({ keys });
  // Before Redis goes for good, as a worker waits for it.
  worker.child.kill('SIGTERM');
  t.is((await worker.ended).code, 0);
  await empty.stop();
});

servicesTest('the connections to the database are broken again and again', async (t) => {
  const stack = await servicesStack(t);
  const keys = await slowBucket(stack, count);
  const options = { env: { ...stack.env, ...quick } };
  startTuhai(t, ['worker'], options);
  await tuhaiJson(t, enqueue(stack), options);
  const books = openBooks(t, stack.env['DATABASE_URL'] ?? '');
  for (const part of [0, 0.2, 0.4, 0.6]) {
    await books.until(({ embedded }) => embedded > part * count);
    await books.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name = 'tuhai'`,
    );
  }
  await books.until(({ status }) => status === 'finished');
  await books.balance({ keys });
});

servicesTest('S3 fails in every way for a while, and then well: everything is embedded', async (t) => {
  const stack = await servicesStack(t);
  const keys = await slowBucket(stack, count);
  const faults: Fault[] = [
    { kind: 'status', status: 500, code: 'InternalError' },
    { kind: 'status', status: 503, code: 'SlowDown' },
    { kind: 'status', status: 502, body: '<html>Bad gateway</html>' },
    { kind: 'cut', afterBytes: 100 },
    { kind: 'reset' },
  ];
  // Each image fails for its first four requests, the SDK's own repetitions among them, each in another way.
  stack.fault = (request) =>
    isPicture(request) && request.seenBefore < 4
      ? faults[(request.seenBefore + Number(/\d+/.exec(request.path)?.[0])) % faults.length]
      : undefined;
  startTuhai(t, ['worker'], stack);
  const run = await tuhaiJson(t, [...enqueue(stack), '--wait'], stack);
  t.like(run, { status: 'finished', listed: count, embedded: count, failed: 0 });
  await openBooks(t, stack.env['DATABASE_URL'] ?? '').balance({ keys });
});

servicesTest(
  'the producer is killed in mid-listing: the same command goes on after its last page',
  async (t) => {
    const stack = await servicesStack(t);
    const keys = await slowBucket(stack, count);
    let pages = 0;
    let pagesMax = 2;
    stack.fault = ({ query }) => {
      if (!query.has('list-type')) return undefined;
      return ++pages > pagesMax ? { kind: 'hang' } : { kind: 'short pages', keysMax: 7 };
    };
    const first = startTuhai(t, enqueue(stack), stack);
    const books = openBooks(t, stack.env['DATABASE_URL'] ?? '');
    await books.until(({ listed }) => listed === 14);
    first.child.kill('SIGKILL');
    await first.ended;
    t.like(await books.accounts(), { status: 'listing', listed: 14, pending: 14 });

    pagesMax = Infinity;
    pages = 0;
    startTuhai(t, ['worker'], stack);
    t.like(await tuhaiJson(t, [...enqueue(stack), '--wait'], stack), {
      run: 1,
      listed: count,
      embedded: count,
    });
    t.true(pages <= 4, 'pages that were listed are not listed again');
    await books.balance({ keys });
  },
);
