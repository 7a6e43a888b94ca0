import { readFile } from 'node:fs/promises';
import test from 'ava';
import type { FailureCode } from '@tuhai/core/item-failure';
import { sharedData } from '../shared-data.js';
import { embeddedStack } from './on-each-stack.js';
import { tuhaiJson } from './tuhai.js';

const refusals = ['too_large', 'too_many_pixels', 'unsupported_format', 'corrupt'] satisfies FailureCode[];
const outcomes: Readonly<Record<string, readonly string[]>> = {
  accept: ['embedded'],
  refuse: refusals,
  either: ['embedded', ...refusals],
  policy: ['embedded', ...refusals],
};

// docs/hostile-images.md says what becomes of the files for which both are right.
test('every torture file ends as its manifest expects, in one run', async (t) => {
  t.timeout(600_000);
  const folder = sharedData(t, 'torture');
  if (!folder) return;
  const manifest = JSON.parse(await readFile(`${folder}/manifest.json`, 'utf8')) as {
    file: string;
    expect: string;
  }[];
  const { env } = await embeddedStack(t);
  const run = await tuhaiJson<{
    run: number;
    listed: number;
    embedded: number;
    failed: number;
    pending: number;
  }>(t, ['run', folder, '--suffix', '*'], { env, code: 3 });
  t.like(run, { status: 'finished', pending: 0 });
  t.is(run.embedded + run.failed, run.listed);
  const failures = await tuhaiJson<{ key: string; code: string }[]>(t, ['failures', `${run.run}`], { env });
  t.is(failures.length, run.failed);
  const codes = new Map(failures.map(({ key, code }) => [key, code]));
  t.true(run.listed > manifest.length, 'the manifest itself is a file of the folder, and no picture');
  t.is(codes.get('manifest.json'), 'unsupported_format');
  for (const { file, expect } of manifest) {
    const outcome = codes.get(file) ?? 'embedded';
    t.true(outcomes[expect]?.includes(outcome), `${file}: ${expect}, but ${outcome}`);
  }
});
