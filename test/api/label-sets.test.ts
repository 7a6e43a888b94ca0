import type { ExecutionContext } from 'ava';
import { databases } from './databases.js';
import { labelSet } from './fill-database.js';
import { openApi } from './open-api.js';

const [{ test, open }] = databases.slice(-1) as [(typeof databases)[number]];

interface Preview {
  version: string;
  total: number;
  scored: number;
  labels: { label: string; best: number; confident: number; hits: { key: string; probability: number }[] }[];
}

test('label sets are stored by their content, and tried on stored vectors before', async (t: ExecutionContext) => {
  const opened = await openApi(t, await open(t));
  const { api, database } = opened;
  const post = async (url: string, payload: object) => api.inject({ method: 'POST', url, payload });
  const same = { name: '颜色', templates: ['一张{}的照片'], labels: ['红色', '蓝色', '绿色'] };

  const preview = await post('/v1/label-sets/preview', { labelSet: same, hits: 2 });
  t.is(preview.statusCode, 200, preview.body);
  const { version, total, scored, labels } = preview.json<Preview>();
  t.deepEqual([version, total, scored], [labelSet.version, 8, 8]);
  const { rows } = await database.pool.query<{
    label: string;
    key: string;
    probability: number;
    rank: number;
  }>('SELECT p.label, p.rank, p.probability, i.key FROM predictions p JOIN images i ON i.id = p.image_id');
  for (const { label, best, confident, hits } of labels) {
    const predicted = rows.filter((row) => row.label === label);
    t.deepEqual([best, confident], [predicted.filter(({ rank }) => rank === 1).length, best], label);
    const top = predicted.toSorted((a, b) => b.probability - a.probability).slice(0, 2);
    t.deepEqual(
      hits.map(({ key }) => key),
      top.map(({ key }) => key),
    );
    t.true(hits.every((hit, i) => Math.abs(hit.probability - (top[i]?.probability as number)) < 1e-5));
  }
  const draft = 'name: 新\nlabels:\n  - name: 红色\n    threshold: 1\n  - 绿色\n';
  const red = (
    await post('/v1/label-sets/preview', { labelSet: draft, filter: { prefix: '红/' } })
  ).json<Preview>();
  t.like(red, { total: 2, labels: [{ label: '红色', best: 2, confident: 0 }] });
  t.is(
    (await api.inject(`/v1/label-sets/${encodeURIComponent('新')}`)).statusCode,
    404,
    'a preview stores nothing',
  );

  const stored = (await post('/v1/label-sets', { labelSet: draft })).json<{ version: string }>();
  t.deepEqual((await post('/v1/label-sets', { labelSet: draft })).json(), stored);
  const listed = (await api.inject('/v1/label-sets')).json<{ labelSets: object[] }>().labelSets;
  t.like(listed, {
    0: { name: '新', version: stored.version, labels: 2, isApplied: false },
    1: { name: '颜色', isApplied: true },
    length: 2,
  });
  for (const name of ['新', `新@${stored.version}`]) {
    const one = await api.inject(`/v1/label-sets/${encodeURIComponent(name)}`);
    t.like(one.json(), {
      name: '新',
      definition: { mode: 'single', labels: [{ name: '红色' }, { name: '绿色' }] },
    });
  }

  const wrong: [payload: object, detail: RegExp][] = [
    [{}, /labelSet/],
    [{ labelSet: 7 }, /body\/labelSet/],
    [{ labelSet: 'name: x\nlabels: [a, a]' }, /labelSet:2:13: label "a" is there twice/],
    [{ labelSet: { name: 'x', labels: [] } }, /labels must be a list/],
    [{ labelSet: { name: 'x', labels: ['a\0'] } }, /NUL/],
    [{ labelSet: '{' }, /labelSet:1:/],
    [{ labelSet: { name: 'x', labels: Array.from({ length: 2_001 }, (_, i) => `第${i}`) } }, /2001 prompts/],
  ];
  for (const [payload, detail] of wrong) {
    const answer = await post('/v1/label-sets/preview', payload);
    t.is(answer.statusCode, 400, answer.body);
    t.regex(answer.json<{ detail: string }>().detail, detail);
  }
});
