import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { goldenPath } from '../golden/golden.js';
import { freePort } from '../rig/free-port.js';
import { serviceTest } from '../rig/service-test.js';
import { temporaryFolder } from '../source/temporary-folder.js';
import { embeddedStack, putAll, servicesStack, tinyModel } from './on-each-stack.js';
import { picture } from './pictures.js';
import { tuhai, tuhaiJson } from './tuhai.js';

test.beforeEach((t) => t.timeout(600_000));

/** Ends with exit code 2 and one message, without a stack trace or anything on stdout. */
async function refuses(
  t: ExecutionContext,
  args: readonly string[],
  message: RegExp,
  env: Record<string, string> = {},
): Promise<string> {
  const { code, stdout, stderr } = await tuhai(t, args, { env });
  t.is(code, 2, `tuhai ${args.join(' ')}: ${stderr}`);
  t.regex(stderr, message);
  t.notRegex(stderr, /^ +at /m);
  t.is(stdout, '');
  return stderr;
}

test.serial('options, settings and files that cannot be meant are named', async (t) => {
  const folder = await temporaryFolder(t, {
    'a.png': await picture(1),
    'labels.yaml': 'name: x\nlabels:\n  - name: 猫\n    prompt: [猫]\n',
    'broken.yaml': 'name: x\nlabels: [猫\n',
    'keys.csv': 'file\na.png\n',
  });
  const env = { TUHAI_HOME: join(folder, 'home'), MODEL_DIR: tinyModel };
  const run = ['run', folder];
  await refuses(t, ['runs', '--nope'], /unknown option '--nope'/, env);
  await refuses(t, ['fly'], /unknown command 'fly'/, env);
  await refuses(t, [...run, '--chunk', '0'], /"0" must be a whole number from 1 to 10000/, env);
  await refuses(t, run, /BATCH_SIZE_MAX is "many"; it must be a whole number from 1 to 1024/, {
    ...env,
    BATCH_SIZE_MAX: 'many',
  });
  await refuses(t, [...run, '--execution-providers', 'abacus'], /EXECUTION_PROVIDERS is "abacus".*cuda/, env);
  const stderr = await refuses(t, run, /DATABASE_URL is no URL that starts with postgres:\/\//, {
    ...env,
    DATABASE_URL: 'mysql://user:secret@host/db',
  });
  t.notRegex(stderr, /secret/);
  await refuses(t, ['run', join(folder, 'none')], /none/, env);
  await refuses(t, [...run, '--labels', join(folder, 'labels.yaml')], /labels\.yaml:4:\d+: .*prompt/, env);
  await refuses(t, [...run, '--labels', join(folder, 'broken.yaml')], /broken\.yaml:\d+:\d+: /, env);
  await refuses(
    t,
    [...run, '--labels', join(folder, 'none.yaml')],
    /label file cannot be read.*none\.yaml/,
    env,
  );
  await refuses(t, ['search', '猫'], /Nothing is stored/, env);
  await refuses(t, ['duplicates'], /Nothing is stored/, env);
  await refuses(t, ['duplicates', '--threshold', '97'], /"97" must be a cosine from 0.5 to 1/, env);
  await refuses(t, ['search'], /Give a text or --image FILE/, env);
  await refuses(t, ['embed'], /Give image files, or --text TEXT/, env);
});

test.serial('models that cannot be used are named', async (t) => {
  const folder = await temporaryFolder(t, { 'pictures/a.png': await picture(1) });
  const withoutTokenizer = join(folder, 'model');
  await cp(tinyModel, withoutTokenizer, { recursive: true });
  await rm(join(withoutTokenizer, 'tokenizer.json'));
  const pictures = join(folder, 'pictures');
  const env = { TUHAI_HOME: join(folder, 'home') };
  await refuses(t, ['run', pictures, '--model', join(folder, 'none')], /none.*(no such|not|no model)/, env);
  await refuses(t, ['run', pictures, '--model', withoutTokenizer], /tokenizer\.json/, env);
  await refuses(t, ['model', 'inspect', withoutTokenizer], /tokenizer\.json/, env);
  await refuses(t, ['embed', '--text', '猫', '--model', withoutTokenizer], /tokenizer\.json/, env);
});

test.serial(
  'S3 out of reach, wrong credentials and buckets that are not there are told at once',
  async (t) => {
    const stack = await embeddedStack(t);
    await stack.put('a.png', await picture(1));
    const startedMs = Date.now();
    const closed = `http://127.0.0.1:${await freePort()}`;
    const unreachable = { ...stack.env, S3_ENDPOINT: closed };
    await refuses(t, ['run', `s3://${stack.bucket}/`], /Cannot list .*ECONNREFUSED/, unreachable);
    t.true(Date.now() - startedMs < 120_000);
    await refuses(t, ['run', 's3://elsewhere/'], /NoSuchBucket/, stack.env);
    stack.fault = () => ({ kind: 'status', status: 403, code: 'InvalidAccessKeyId' });
    await refuses(t, ['run', `s3://${stack.bucket}/`], /InvalidAccessKeyId/, stack.env);
    await refuses(t, ['run', `s3://${stack.bucket}/all.txt`], /InvalidAccessKeyId|403/, stack.env);
    stack.fault = () => undefined;
    const again = await tuhaiJson(t, ['run', `s3://${stack.bucket}/`], stack);
    t.like(again, { listed: 1, embedded: 1, failed: 0 }, 'the run that could not list is taken up');
  },
);

test.serial('another model than the stored one, and runs that are not there', async (t) => {
  const stack = await embeddedStack(t);
  await putAll(stack, { 'a.png': await picture(1), 'b.png': await picture(2) });
  await tuhaiJson(t, ['run', `s3://${stack.bucket}/`], stack);
  const other = ['--model', goldenPath('tiny-chinese-clip')];
  await refuses(
    t,
    ['search', '猫', ...other],
    /No image has been embedded with tiny-chinese-clip/,
    stack.env,
  );
  await refuses(t, ['failures', '999'], /There is no run 999/, stack.env);
  await refuses(
    t,
    ['retry', '1', '--code', 'bad_luck'],
    /"bad_luck" is no failure code; there are not_found/,
    stack.env,
  );
  await refuses(t, ['cancel', '1'], /Run 1 is finished/, stack.env);
});

serviceTest(
  'redis',
  'postgres',
  's3',
)('services out of reach are named, without their passwords', async (t) => {
  t.timeout(600_000);
  const stack = await servicesStack(t);
  await stack.put('a.png', await picture(1));
  const port = await freePort();
  const run = ['run', `s3://${stack.bucket}/`, '--wait'];
  const noDatabase = { ...stack.env, DATABASE_URL: `postgres://user:secret@127.0.0.1:${port}/db` };
  t.notRegex(await refuses(t, run, /database.*ECONNREFUSED/i, noDatabase), /secret/);
  const noRedis = { ...stack.env, REDIS_URL: `redis://user:secret@127.0.0.1:${port}` };
  t.notRegex(await refuses(t, run, /Redis.*ECONNREFUSED/, noRedis), /secret/);
});
