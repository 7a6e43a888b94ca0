import type { ExecutionContext } from 'ava';
import { onEachStack, putAll, type TestStack } from './on-each-stack.js';
import { hugePng, picture, pictures } from './pictures.js';
import { tuhai, tuhaiJson } from './tuhai.js';

interface RunDocument {
  run: number;
  status: string;
  listed: number;
  unchanged: number;
  embedded: number;
  failed: number;
  pending: number;
  seconds: number;
  imagesPerSecond: number;
}
interface FailureDocument {
  key: string;
  code: string;
  message: string;
  attempts: number;
  retryable: boolean;
}
interface SearchDocument {
  model: { name: string };
  hits: { key: string; cosine: number }[];
}

const run = (t: ExecutionContext, { env, bucket }: TestStack, args: string[], code = 0) =>
  tuhaiJson<RunDocument>(t, ['run', `s3://${bucket}/${args[0]}`, '--wait', ...args.slice(1)], { env, code });

const codesOf = async (t: ExecutionContext, { env }: TestStack, runId: number) =>
  (await tuhaiJson<FailureDocument[]>(t, ['failures', `${runId}`], { env })).map(({ key, code }) => [
    key,
    code,
  ]);

onEachStack('bad images cost themselves only, and are redone when they can succeed', async (t, stack) => {
  const good = await pictures(30);
  const [sample = Buffer.alloc(0)] = Object.values(good);
  const bad = {
    'bad/corrupt.png': sample.subarray(0, sample.length / 2),
    'bad/empty.jpg': '',
    'bad/forbidden.png': sample,
    'bad/huge.png': hugePng(),
  };
  // In the midst of the others, all in one chunk; one has already gone when the manifest is read.
  const keys = [
    ...Object.keys(good).slice(0, 15),
    ...Object.keys(bad),
    'bad/gone.png',
    ...Object.keys(good).slice(15),
  ];
  await putAll(stack, { ...good, ...bad, 'all.txt': keys.join('\n') });
  stack.fault = ({ path }) =>
    path.endsWith('forbidden.png') ? { kind: 'status', status: 403, code: 'AccessDenied' } : undefined;

  const first = await run(t, stack, ['all.txt', '--chunk', '50'], 3);
  t.like(first, { status: 'finished', listed: 35, unchanged: 0, embedded: 30, failed: 5, pending: 0 });
  t.true(first.seconds > 0 && first.imagesPerSecond > 0);
  t.deepEqual(await codesOf(t, stack, first.run), [
    ['bad/corrupt.png', 'corrupt'],
    ['bad/empty.jpg', 'unsupported_format'],
    ['bad/forbidden.png', 'access_denied'],
    ['bad/gone.png', 'not_found'],
    ['bad/huge.png', 'too_many_pixels'],
  ]);
  stack.fetched();
  const { env } = stack;
  const nothing = await tuhaiJson(t, ['retry', `${first.run}`], { env, code: 3 });
  t.like(nothing, { retried: 0, embedded: 30, failed: 5 });
  t.deepEqual(stack.fetched(), [], 'nothing that a retry alone can help');

  await stack.put('bad/gone.png', await picture(100));
  stack.fault = () => undefined;
  const again = await run(t, stack, ['all.txt'], 3);
  t.like(again, { listed: 35, unchanged: 30, embedded: 2, failed: 3 });
  t.deepEqual(
    (await codesOf(t, stack, again.run)).map(([key]) => key),
    ['bad/corrupt.png', 'bad/empty.jpg', 'bad/huge.png'],
  );
  t.is(stack.fetched().filter((key) => key.startsWith('pictures/')).length, 0);
});

onEachStack('retry redoes just what failed, by code', async (t, stack) => {
  const { env } = stack;
  await putAll(stack, {
    ...(await pictures(8)),
    'pictures/bad.png': 'no picture',
    'pictures/busy.png': await picture(50),
  });
  stack.fault = ({ path, method }) =>
    path.endsWith('busy.png') && method === 'GET'
      ? { kind: 'status', status: 503, code: 'SlowDown' }
      : undefined;
  const first = await run(t, stack, ['pictures/'], 3);
  t.like(first, { listed: 10, embedded: 8, failed: 2 });
  const failures = await tuhaiJson<FailureDocument[]>(t, ['failures', `${first.run}`], { env });
  t.like(failures, [
    { key: 'pictures/bad.png', code: 'unsupported_format', attempts: 1, retryable: false },
    { key: 'pictures/busy.png', code: 'throttled', attempts: 6, retryable: true },
  ]);
  const people = await tuhai(t, ['failures', `${first.run}`], { env });
  t.regex(people.stdout, /^throttled {2}pictures\/busy\.png .*\(6 attempts\)$/m);

  stack.fault = () => undefined;
  stack.fetched();
  const wait = async () => {
    // Without workers of its own, retry leaves the work to those that run.
    for (;;) {
      const { status } = await tuhaiJson<RunDocument>(t, ['runs', `${first.run}`], { env });
      if (status === 'finished') return;
    }
  };
  t.like(await tuhaiJson(t, ['retry', `${first.run}`], { env, code: 3 }), { retried: 1 });
  await wait();
  t.deepEqual(stack.fetched(), ['pictures/busy.png']);
  t.like(await tuhaiJson(t, ['runs', `${first.run}`], { env }), { embedded: 9, failed: 1, pending: 0 });

  await stack.put('pictures/bad.png', await picture(51));
  t.like(await tuhaiJson(t, ['retry', `${first.run}`, '--code', 'timeout'], { env, code: 3 }), {
    retried: 0,
  });
  await tuhai(t, ['retry', `${first.run}`, '--code', 'unsupported_format'], { env });
  await wait();
  t.like(await tuhaiJson(t, ['runs', `${first.run}`], { env }), {
    status: 'finished',
    embedded: 10,
    failed: 0,
  });
});

onEachStack('run twice, nothing is fetched; what changed is; what left is retired', async (t, stack) => {
  const { env } = stack;
  const all = await pictures(12);
  await putAll(stack, { ...all, 'pictures/notes.txt': 'no image by name' });
  t.like(await tuhaiJson(t, ['run', `s3://${stack.bucket}/pictures/`, '--dry-run'], { env }), {
    listed: 12,
    unchanged: 0,
    toEmbed: 12,
  });
  t.like(await run(t, stack, ['pictures/', '--chunk', '5']), { listed: 12, embedded: 12, failed: 0 });
  t.deepEqual(stack.fetched().toSorted(), Object.keys(all), 'each was fetched once');

  t.like(await run(t, stack, ['pictures/']), { listed: 12, unchanged: 12, embedded: 0 });
  t.deepEqual(stack.fetched(), []);

  await stack.put('pictures/004.jpeg', await picture(201));
  t.like(await run(t, stack, ['pictures/']), { listed: 12, unchanged: 11, embedded: 1 });
  t.deepEqual(stack.fetched(), ['pictures/004.jpeg']);

  await stack.remove('pictures/000.png');
  t.like(await run(t, stack, ['pictures/', '--prune']), { listed: 11, unchanged: 11, retired: 1 });
  const { model, hits } = await tuhaiJson<SearchDocument>(t, ['search', '猫', '-k', '50'], { env });
  t.is(model.name, 'tiny-clip');
  t.deepEqual(hits.map(({ key }) => key).toSorted(), Object.keys(all).slice(1));
  t.deepEqual(
    hits.map(({ cosine }) => cosine),
    hits.map(({ cosine }) => cosine).toSorted((a, b) => b - a),
  );
  const duplicates = await tuhaiJson(t, ['duplicates', '--threshold', '0.5'], { env });
  t.like(duplicates, { model: { name: 'tiny-clip' }, threshold: 0.5, examined: 11 });
});
