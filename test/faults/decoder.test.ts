import { supervise } from '@tuhai/worker/supervise';
import { pino } from 'pino';
import { putAll, servicesStack } from '../e2e/on-each-stack.js';
import { pictures } from '../e2e/pictures.js';
import { tuhaiJson } from '../e2e/tuhai.js';
import { serviceTest } from '../rig/service-test.js';
import { openBooks } from './accounts.js';
import { deadly } from './fixtures/kill-on-sight.js';

serviceTest(
  'redis',
  'postgres',
  's3',
)('images that kill their decoder are found and named, their neighbours embedded', async (t) => {
  t.timeout(600_000);
  const stack = await servicesStack(t);
  const good = await pictures(18);
  const bad = { 'pictures/005-deadly.png': deadly, 'pictures/011-deadly.png': `${deadly} too` };
  await putAll(stack, { ...good, ...bad });
  const env = { ...process.env, ...stack.env, LOCK_DURATION_MS: '3000', LOG_LEVEL: 'info' };
  const supervisor = await supervise({
    processes: 1,
    env,
    log: pino({ level: 'silent' }),
    module: new URL('fixtures/deadly-worker.ts', import.meta.url),
  });
  t.teardown(() => supervisor.close());
  // Two chunks, with one deadly image each.
  const run = ['run', `s3://${stack.bucket}/pictures/`, '--chunk', '10', '--wait'];
  t.like(await tuhaiJson(t, run, { ...stack, code: 3 }), { listed: 20, embedded: 18, failed: 2 });
  const failed = Object.fromEntries(Object.keys(bad).map((key) => [key, 'decoder_crashed']));
  const books = openBooks(t, stack.env['DATABASE_URL'] ?? '');
  await books.balance({ keys: [...Object.keys(good), ...Object.keys(bad)], failed });
  const [failure] = await tuhaiJson<object[]>(t, ['failures', '1'], stack);
  t.like(failure, { key: 'pictures/005-deadly.png', retryable: false, attempts: 1 });
});
