import { setTimeout as sleep } from 'node:timers/promises';
import { servicesStack } from '../e2e/on-each-stack.js';
import { startTuhai, tuhaiJson, type RunningTuhai } from '../e2e/tuhai.js';
import { childrenOf } from '../rig/children-of.js';
import { startRedis } from '../rig/redis.js';
import { serviceTest } from '../rig/service-test.js';
import { openBooks } from './accounts.js';
import { workersOf } from './child-processes.js';
import { isPicture, slowBucket } from './slow-bucket.js';

/** More of them for a long run by hand. */
const kills = Number(process.env['TUHAI_TEST_KILLS'] ?? 10);
const pauseMs = 2_500;
const quick = { LOCK_DURATION_MS: '3000' };

serviceTest('redis', 'postgres', 's3').serial(
  'worker, supervisor, Redis, database and S3 are killed at random: nothing lost, nothing twice',
  async (t) => {
    t.timeout(300_000 + kills * 20_000);
    const stack = await servicesStack(t);
    const keys = await slowBucket(stack, 60 + 12 * kills);
    const slow = stack.fault;
    let redis = await startRedis();
    t.teardown(() => redis.stop());
    const options = { env: { ...stack.env, ...quick, REDIS_URL: redis.url, WORKER_PROCESSES: '2' } };
    let over = false;
    const start = (): RunningTuhai => {
      const started = startTuhai(t, ['worker'], options);
      t.teardown(() => (over = true));
      return started;
    };
    let worker = start();
    /** As whatever runs it in production does: one that starts while the database recovers ends at once. */
    const keepRunning = async (): Promise<void> => {
      for (;;) {
        await worker.ended;
        if (over) return;
        worker = start();
      }
    };
    void keepRunning();
    await tuhaiJson(t, ['run', `s3://${stack.bucket}/pictures/`, '--chunk', '3'], options);
    const books = openBooks(t, stack.env['DATABASE_URL'] ?? '');

    const strike = {
      worker: async () => process.kill(await oneOf(() => workersOf(worker.child.pid)), 'SIGKILL'),
      supervisor: async () => {
        const workers = workersOf(worker.child.pid);
        worker.child.kill('SIGKILL');
        for (const pid of workers) process.kill(pid, 'SIGKILL');
      },
      redis: async () => {
        process.kill(await oneOf(() => childrenOf(redis.process.pid, 'redis-server')), 'SIGKILL');
        redis = await startRedis({ port: redis.port });
      },
      /** The server ends all its sessions and recovers from its log. */
      database: async () => {
        const pid = await oneOf(() =>
          books
            .query<{ pid: number }>(`SELECT pid FROM pg_stat_activity WHERE application_name = 'tuhai'`)
            .then((rows) => rows.map((row) => row.pid))
            .catch(() => []),
        );
        process.kill(pid, 'SIGKILL');
      },
      s3: async () => {
        stack.fault = (request) => (isPicture(request) ? { kind: 'reset' } : undefined);
        await sleep(pauseMs / 4);
        stack.fault = slow;
      },
    };
    const names = Object.keys(strike) as (keyof typeof strike)[];
    const counts = Object.fromEntries(names.map((name) => [name, 0]));
    await books.until(({ embedded }) => embedded > 0);
    for (let i = 0; i < kills; i++) {
      const name = names[Math.floor(random() * names.length)] as keyof typeof strike;
      await strike[name]();
      counts[name] = (counts[name] ?? 0) + 1;
      await sleep(2 * pauseMs * random());
    }
    const { pending } = await books.until(() => true);
    t.true(pending > 0, 'the last of them in mid-run');
    stack.fault = () => undefined;
    await books.until(({ status }) => status === 'finished');
    await books.balance({ keys });
    t.log(`${kills} kills of ${keys.length} images' run: ${JSON.stringify(counts)}; ${pending} were left`);
  },
);

async function oneOf(find: () => number[] | Promise<number[]>): Promise<number> {
  for (;;) {
    const [first] = await find();
    if (first !== undefined) return first;
    await sleep(50);
  }
}

/** A linear congruential generator: from 0 to 1, the same every time. */
let state = 7;
const random = (): number => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32;
