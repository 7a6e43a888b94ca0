import test from 'ava';
import { join } from 'node:path';
import { embeddedStack, putAll } from '../e2e/on-each-stack.js';
import { picture } from '../e2e/pictures.js';
import { tuhai, tuhaiJson } from '../e2e/tuhai.js';
import { temporaryFolder } from '../source/temporary-folder.js';

const rule = (labels: string) => `rules: [{action: review, labels: [${labels}], probability: 0}]\n`;

test.serial(
  'a run with a policy decides about its images, and moderate has nothing left to do',
  async (t) => {
    t.timeout(300_000);
    const stack = await embeddedStack(t);
    await putAll(stack, { 'a.png': await picture(1), 'b.png': await picture(2) });
    const folder = await temporaryFolder(t, {
      'labels.yaml': 'name: x\nlabels: [猫, 狗]\n',
      'policy.yaml': `name: p\nlabelSet: x\n${rule('猫')}`,
      'wrong.yaml': `name: p\nlabelSet: x\n${rule('鸟')}`,
    });
    const file = (name: string) => join(folder, name);
    const run = ['run', `s3://${stack.bucket}/`, '--labels', file('labels.yaml'), '--policy'];
    const refused = await tuhai(t, [...run, file('wrong.yaml')], stack);
    t.is(refused.code, 2);
    t.regex(refused.stderr, /label set x has no 鸟/);
    t.like(await tuhaiJson(t, [...run, file('policy.yaml')], stack), { embedded: 2, failed: 0 });
    const again = await tuhaiJson(t, ['moderate', file('policy.yaml')], stack);
    t.like(again, { decided: 0, policy: { name: 'p' } });
    const { stdout } = await tuhai(t, ['export', '--format', 'jsonl', '--policy', 'p'], stack);
    const actions = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).decision.action);
    t.deepEqual(actions, ['review', 'review']);
  },
);
