import test from 'ava';
import { dataDirectoryLockHolder } from '@tuhai/cli/embedded/postgres/data-directory-lock';
import { startEmbeddedPostgres } from '@tuhai/cli/embedded/postgres/embedded-postgres';
import { embeddedStack } from '../e2e/on-each-stack.js';
import { startTuhai, tuhai } from '../e2e/tuhai.js';
import { openBooks } from './accounts.js';
import { nextWorker } from './child-processes.js';
import { slowBucket } from './slow-bucket.js';

test.beforeEach((t) => t.timeout(600_000));

const count = 24;
/** Jobs of the dead come back soon. */
const quick = { LOCK_DURATION_MS: '3000' };
const enqueue = (bucket: string) => ['run', `s3://${bucket}/pictures/`, '--chunk', '4'];

test.serial('the worker and then the whole command are killed; the same command takes it up', async (t) => {
  const stack = await embeddedStack(t);
  const keys = await slowBucket(stack, count);
  const options = { env: { ...stack.env, ...quick } };
  const run = startTuhai(t, enqueue(stack.bucket), options);
  const { databaseUrl, close } = await startEmbeddedPostgres({ home: stack.env['TUHAI_HOME'] ?? '' });
  t.teardown(close);
  const books = openBooks(t, databaseUrl);
  await books.until(({ embedded }) => embedded > 0);
  const killed = await nextWorker(run.child.pid);
  process.kill(killed, 'SIGKILL');
  await nextWorker(run.child.pid, [killed]);
  await books.until(({ embedded }) => embedded > count / 2);
  run.child.kill('SIGKILL');
  await run.ended;
  const again = await tuhai(t, [...enqueue(stack.bucket), '--json'], options);
  t.is(again.code, 0, again.stderr);
  t.regex(again.stderr, /taken up where it stopped/);
  t.like(JSON.parse(again.stdout), { run: 1, listed: count, embedded: count, failed: 0 });
  await books.balance({ keys });
});

test.serial('the database is killed again and again in mid-run, and nobody notices', async (t) => {
  const stack = await embeddedStack(t);
  const keys = await slowBucket(stack, count);
  const home = stack.env['TUHAI_HOME'] ?? '';
  const run = startTuhai(t, [...enqueue(stack.bucket), '--json'], { env: { ...stack.env, ...quick } });
  await run.says(/run 1/);
  const { databaseUrl, close } = await startEmbeddedPostgres({ home });
  t.teardown(close);
  const books = openBooks(t, databaseUrl);
  for (const part of [0, 0.3, 0.6]) {
    await books.until(({ embedded }) => embedded > part * count);
    const server = dataDirectoryLockHolder(home);
    if (!server) return t.fail('no server holds the database');
    process.kill(server.pid, 'SIGKILL');
  }
  const { code, stdout, stderr } = await run.ended;
  t.is(code, 0, stderr);
  t.like(JSON.parse(stdout), { status: 'finished', listed: count, embedded: count, failed: 0 });
  await books.balance({ keys });
});
