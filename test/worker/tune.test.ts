import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readConfig } from '@tuhai/core/config';
import { storeTuned, tunedFile, withTuned } from '@tuhai/core/tuned-settings';
import { UsageError } from '@tuhai/core/usage-error';
import { tuneWorkers } from '@tuhai/worker/tune';
import test, { type ExecutionContext } from 'ava';

const bundle = fileURLToPath(new URL('../golden/tiny-clip', import.meta.url));

async function newHome(t: ExecutionContext): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), 'tuhai-tune-'));
  t.teardown(() => rm(home, { recursive: true, force: true }));
  return home;
}

test('every layout is measured, the default first, and what is chosen is a configuration', async (t) => {
  const env = { ...process.env, MODEL_DIR: bundle };
  const config = readConfig(env);
  const { measurements, best, settings } = await tuneWorkers({ env, config, ms: 200 });
  t.like(measurements[0], { processes: config.workerProcesses, batchSize: config.batchSizeMax });
  t.true(measurements.every(({ imagesPerSecond }) => imagesPerSecond > 0));
  t.true(measurements.includes(best));
  t.true(best.imagesPerSecond >= (measurements[0]?.imagesPerSecond ?? 0));
  const chosen = { workerProcesses: best.processes, batchSizeMax: best.batchSize };
  t.like(readConfig({ ...env, ...settings }), chosen);
});

test('a bundle that cannot be opened says so', async (t) => {
  const env = { ...process.env, MODEL_DIR: join(tmpdir(), 'tuhai-no-bundle') };
  await t.throwsAsync(tuneWorkers({ env, config: readConfig(env) }), {
    instanceOf: UsageError,
    message: /tuhai-no-bundle/,
  });
});

test('what was tuned holds for its model and machine, where nothing is set', async (t) => {
  const env: Record<string, string> = { TUHAI_HOME: await newHome(t), MODEL_DIR: bundle };
  t.deepEqual(withTuned(env), env, 'nothing yet');
  storeTuned(env, { imagesPerSecond: 1, settings: { BATCH_SIZE_MAX: '2' } });
  storeTuned(env, { imagesPerSecond: 2, settings: { BATCH_SIZE_MAX: '3', WORKER_PROCESSES: '5' } });
  t.like(readConfig(withTuned(env)), { batchSizeMax: 3, workerProcesses: 5 });
  t.is(
    readConfig(withTuned({ ...env, WORKER_PROCESSES: '1' })).batchSizeMax,
    8,
    'set by hand: not half of each',
  );
  t.is(readConfig(withTuned({ ...env, MODEL_PRECISION: 'int8' })).batchSizeMax, 8);
  t.is(readConfig(withTuned({ ...env, MODEL_DIR: '/another' })).batchSizeMax, 8);
});

test('a file of measurements that was damaged is named', async (t) => {
  const env = { TUHAI_HOME: await newHome(t) };
  await writeFile(tunedFile(env), '[{');
  t.throws(() => withTuned(env), { instanceOf: UsageError, message: /tuned\.json.*tune again/ });
});
