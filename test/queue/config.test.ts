import { resolve } from 'node:path';
import { readConfig } from '@tuhai/core/config';
import { defaultImageLimits } from '@tuhai/core/image/limits';
import { UsageError } from '@tuhai/core/usage-error';
import test from 'ava';

test('an empty environment gives the defaults, in which nothing is configured', (t) => {
  const config = readConfig({});
  t.is(config.home, resolve('.tuhai'));
  t.is(config.batchSizeMax, 8);
  t.is(config.lockDurationMs, 30_000);
  t.deepEqual(config.limits, defaultImageLimits);
  t.deepEqual(config.s3, {});
  t.false('databaseUrl' in config || 'redisUrl' in config || 'modelDir' in config);
  t.deepEqual(readConfig({ DATABASE_URL: '', REDIS_URL: '', BATCH_SIZE_MAX: '' }), config, 'empty is absent');
});

test('settings are read', (t) => {
  const config = readConfig({
    DATABASE_URL: 'postgres://user:p%40ss@db:5432/tuhai',
    REDIS_URL: 'rediss://redis',
    S3_ENDPOINT: 'http://localhost:9000',
    AWS_DEFAULT_REGION: 'eu-west-1',
    EXECUTION_PROVIDERS: 'cuda, cpu',
    IMAGE_BYTES_MAX: '1000',
    LOG_LEVEL: 'debug',
    MODEL_PRECISION: 'int8',
    PREPROCESSING: 'fast',
  });
  t.like(config, {
    databaseUrl: 'postgres://user:p%40ss@db:5432/tuhai',
    redisUrl: 'rediss://redis',
    s3: { endpoint: 'http://localhost:9000', region: 'eu-west-1' },
    executionProviders: ['cuda', 'cpu'],
    logLevel: 'debug',
    precision: 'int8',
    preprocessing: 'fast',
    batchSizeMax: 64,
    workerProcesses: 1,
  });
  t.is(config.limits.bytesMax, 1_000);
});

const wrong: [string, string, RegExp][] = [
  ['BATCH_SIZE_MAX', '0', /BATCH_SIZE_MAX is "0"; it must be a whole number from 1 to 1024/],
  ['BATCH_SIZE_MAX', '8.5', /BATCH_SIZE_MAX is "8.5"/],
  ['BATCH_WAIT_MS_MAX', '-1', /BATCH_WAIT_MS_MAX is "-1"; it must be a whole number from 0/],
  ['API_PORT', '65536', /API_PORT is "65536"/],
  ['EXECUTION_PROVIDERS', 'cpu,abacus', /EXECUTION_PROVIDERS is "cpu,abacus".*cpu, cuda, webgpu/],
  ['MODEL_PRECISION', 'q4', /MODEL_PRECISION is "q4"; it must be one of auto, fp32, fp16, int8/],
  ['LOG_LEVEL', 'loud', /LOG_LEVEL is "loud"; it must be one of trace, debug/],
  [
    'DATABASE_URL',
    'mysql://u:secret@h/d',
    /^DATABASE_URL is no URL that starts with postgres:\/\/ or postgresql:\/\/$/,
  ],
  ['REDIS_URL', 'secret', /^REDIS_URL is no URL that starts with redis:\/\//],
  ['S3_ENDPOINT', 'localhost:9000', /S3_ENDPOINT is no URL that starts with http:\/\/ or https:\/\//],
];

for (const [name, value, message] of wrong) {
  test(`${name}=${value} is refused, with what is accepted`, (t) => {
    const error = t.throws(() => readConfig({ [name]: value }), { instanceOf: UsageError, message });
    t.notRegex(error?.message ?? '', /secret/);
  });
}
