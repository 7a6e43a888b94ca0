import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { createPostgresBackend, Queue, QueueEvents } from 'bullmq';
import { embeddedHome } from './embedded-home.js';

async function openQueue(t: ExecutionContext, databaseUrl: string, name: string) {
  const connection = { connectionString: databaseUrl, migrate: true };
  const queue = new Queue(name, { connection }, createPostgresBackend);
  await queue.waitUntilReady();
  const events = new QueueEvents(name, { connection }, createPostgresBackend);
  await events.waitUntilReady();
  t.teardown(async () => {
    await queue.close();
    await events.close();
  });
  return { queue, events };
}

async function startWorker(t: ExecutionContext, databaseUrl: string, name: string): Promise<ChildProcess> {
  const script = join(import.meta.dirname, 'fixtures', 'bullmq-worker.ts');
  const worker = spawn(process.execPath, ['--import=tsx', script, databaseUrl, name], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.teardown(() => worker.kill('SIGKILL'));
  await once(worker.stdout!, 'data');
  return worker;
}

test('queue, two worker processes and events: bulk, delayed and retried jobs, each once', async (t) => {
  const { databaseUrl } = await embeddedHome(t);
  const { queue, events } = await openQueue(t, databaseUrl, 'jobs');
  const finished = new Map<string, string>();
  const startedAt = performance.now();
  let delayedMs = 0;
  const all = new Promise<void>((resolve) => {
    events.on('completed', ({ jobId, returnvalue }) => {
      if (finished.has(jobId)) t.fail(`${jobId} completed twice`);
      finished.set(jobId, String(returnvalue));
      if (jobId === 'delayed-1') delayedMs = performance.now() - startedAt;
      if (finished.size === 402) resolve();
    });
  });
  const opts = { removeOnComplete: true };
  await queue.add('plain', {}, { ...opts, delay: 1_000, jobId: 'delayed-1' });
  await queue.add(
    'flaky',
    {},
    { ...opts, attempts: 3, backoff: { type: 'fixed', delay: 50 }, jobId: 'flaky-1' },
  );
  await queue.addBulk(Array.from({ length: 400 }, () => ({ name: 'plain', data: { text: '图' }, opts })));
  await Promise.all([startWorker(t, databaseUrl, 'jobs'), startWorker(t, databaseUrl, 'jobs')]);
  await all;
  t.is(new Set(finished.values()).size, 2, 'both workers took jobs');
  t.true(delayedMs >= 1_000);
  t.is(await queue.count(), 0);
});

test('the job of a worker that was killed goes to another', async (t) => {
  const { databaseUrl } = await embeddedHome(t);
  const { queue, events } = await openQueue(t, databaseUrl, 'stalls');
  const victim = await startWorker(t, databaseUrl, 'stalls');
  const hanging = once(victim.stdout!, 'data');
  const job = await queue.add('hang', {}, { removeOnComplete: true });
  t.is(String((await hanging)[0]).trim(), 'hanging');
  victim.kill('SIGKILL');
  const survivor = await startWorker(t, databaseUrl, 'stalls');
  const [delivered] = await once(survivor.stdout!, 'data');
  t.is(String(delivered).trim(), 'hanging');
  t.is(await job.getState(), 'active');
  const plain = await queue.add('plain', {}, { removeOnComplete: true });
  t.is(Number(await plain.waitUntilFinished(events, 60_000)), survivor.pid!);
});
