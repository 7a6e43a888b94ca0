import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { servicesStack } from '../e2e/on-each-stack.js';
import { startTuhai, tuhaiJson } from '../e2e/tuhai.js';
import { serviceTest } from '../rig/service-test.js';
import { openBooks } from './accounts.js';
import { nextWorker, workersOf } from './child-processes.js';
import { slowBucket } from './slow-bucket.js';

test.beforeEach((t) => t.timeout(600_000));

const count = 24;
/** Jobs of the dead come back soon. */
const quick = { LOCK_DURATION_MS: '3000' };
const enqueue = (bucket: string) => ['run', `s3://${bucket}/pictures/`, '--chunk', '4'];
const servicesTest = serviceTest('redis', 'postgres', 's3').serial;

servicesTest(
  'a worker is killed with its supervisor, another takes over: nothing lost, nothing twice',
  async (t) => {
    const stack = await servicesStack(t);
    const keys = await slowBucket(stack, count);
    const options = { env: { ...stack.env, ...quick } };
    const first = startTuhai(t, ['worker'], options);
    await tuhaiJson(t, enqueue(stack.bucket), options);
    const books = openBooks(t, stack.env['DATABASE_URL'] ?? '');
    const { pending } = await books.until(({ embedded }) => embedded > 0);
    const workers = workersOf(first.child.pid);
    first.child.kill('SIGKILL');
    for (const pid of workers) process.kill(pid, 'SIGKILL');
    t.true(pending > 0, 'it was killed in mid-run');
    startTuhai(t, ['worker'], options);
    await books.until(({ status }) => status === 'finished');
    await books.balance({ keys });
  },
);

servicesTest('workers are killed again and again under their supervisor, which replaces them', async (t) => {
  const stack = await servicesStack(t);
  const keys = await slowBucket(stack, count);
  const options = { env: { ...stack.env, ...quick } };
  const worker = startTuhai(t, ['worker'], options);
  const run = startTuhai(t, [...enqueue(stack.bucket), '--wait', '--json'], options);
  const books = openBooks(t, stack.env['DATABASE_URL'] ?? '');
  const killed: number[] = [];
  for (const part of [0, 0.3, 0.6]) {
    await books.until(({ embedded }) => embedded > part * count);
    killed.push(await nextWorker(worker.child.pid, killed));
    process.kill(killed.at(-1) as number, 'SIGKILL');
  }
  const { code, stdout } = await run.ended;
  t.is(code, 0);
  t.like(JSON.parse(stdout), { listed: count, embedded: count, failed: 0 });
  await books.balance({ keys });
  t.is(worker.stderr().match(/worker process died/g)?.length, 3);
});

servicesTest('told to stop, a worker finishes what it holds and leaves the rest', async (t) => {
  const stack = await servicesStack(t);
  const keys = await slowBucket(stack, count);
  const options = { env: stack.env };
  const first = startTuhai(t, ['worker'], options);
  await tuhaiJson(t, enqueue(stack.bucket), options);
  const books = openBooks(t, stack.env['DATABASE_URL'] ?? '');
  await books.until(({ embedded }) => embedded > 0);
  first.child.kill('SIGTERM');
  t.is((await first.ended).code, 0);
  t.deepEqual(await books.query('SELECT FROM chunks WHERE in_hand'), [], 'no chunk is left in hand');
  t.true((await books.accounts()).pending > 0);
  startTuhai(t, ['worker'], options);
  await books.until(({ status }) => status === 'finished');
  await books.balance({ keys });
  t.deepEqual(
    await books.query('SELECT FROM chunks WHERE delivery > 1 OR crashes > 0'),
    [],
    'each was taken once',
  );
  t.deepEqual(stack.fetched().toSorted(), keys, 'each image was fetched once');
});

servicesTest('a cancelled run stops, and what comes in afterwards is refused', async (t) => {
  const stack = await servicesStack(t);
  await slowBucket(stack, count);
  const options = { env: stack.env };
  startTuhai(t, ['worker'], options);
  const run = startTuhai(t, [...enqueue(stack.bucket), '--wait', '--json'], options);
  const books = openBooks(t, stack.env['DATABASE_URL'] ?? '');
  await books.until(({ embedded }) => embedded > 0);
  t.like(await tuhaiJson(t, ['cancel', '1'], options), { status: 'cancelled' });
  const { stdout } = await run.ended;
  const { embedded, pending } = await books.accounts();
  t.like(JSON.parse(stdout), { status: 'cancelled', embedded, pending });
  t.true(pending > 0);
  stack.fault = () => undefined;
  await sleep(2_000);
  t.is((await books.accounts()).embedded, embedded);
  t.like(await tuhaiJson(t, [...enqueue(stack.bucket), '--wait'], options), {
    run: 2,
    listed: count,
    unchanged: embedded,
    embedded: count - embedded,
  });
});
