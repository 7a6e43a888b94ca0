import type { ExecutionContext } from 'ava';
import { parsePolicy } from '@tuhai/core/moderation/policy';
import { chooseLabelSet } from '@tuhai/core/store/choose-label-set';
import { moderateStored } from '@tuhai/core/store/moderate-stored';
import { registerPolicy } from '@tuhai/core/store/policies';
import { findModel } from '@tuhai/core/store/register-model';
import { databases } from '../api/databases.js';
import { labelSet } from '../api/fill-database.js';
import { openApi } from '../api/open-api.js';

interface Item {
  id: number;
  imageId: number;
  state: string;
  claimedBy: string;
}

for (const { name, test, open } of databases) {
  test(`${name}: reviews and exports over HTTP`, async (t: ExecutionContext) => {
    const opened = await openApi(t, await open(t));
    const { api, database } = opened;
    const model = await findModel(database, opened.model.bundle.fingerprint);
    const chosen = model && (await chooseLabelSet(database, { modelId: model.id, name: labelSet.name }));
    if (!model || !chosen) return t.fail('the database is filled');
    const rules = [{ action: 'review', labels: ['红色', '蓝色', '绿色'], probability: 0 }];
    const policy = parsePolicy(JSON.stringify({ name: 'q', labelSet: labelSet.name, rules }), 'p.json');
    const policyId = await registerPolicy(database, policy);
    await moderateStored(database, { model, policy, policyId, labelSetId: chosen.id });
    const post = async (url: string, payload: object) => {
      const { statusCode, body } = await api.inject({ method: 'POST', url: `/v1/reviews${url}`, payload });
      return { status: statusCode, ...JSON.parse(body) };
    };
    const list = async (query: string) =>
      (await api.inject(`/v1/reviews?${query}`)).json<{ items: Item[]; nextCursor: string }>();

    const { items, nextCursor } = await list('queue=q&limit=5');
    t.is(items.length, 5);
    t.is((await list(`queue=q&limit=5&cursor=${nextCursor}`)).items.length, 3);
    t.like(items[0], { state: 'open', reason: 'policy', decision: { action: 'review' }, review: null });
    t.deepEqual((await list('queue=none')).items, []);

    const claimed = (await post('/claim', { queue: 'q', reviewer: '甲', limit: 2 })).items as Item[];
    t.deepEqual(
      claimed.map(({ state, claimedBy }) => [state, claimedBy]),
      [
        ['claimed', '甲'],
        ['claimed', '甲'],
      ],
    );
    const id = claimed[0]?.id ?? 0;
    t.like(await post(`/${id}/claim`, { reviewer: '乙' }), { status: 409, code: 'review_conflict' });
    const held = await post(`/${id}/claim`, { reviewer: '甲', seconds: 3_600 });
    t.like(held, { status: 200, state: 'claimed', claimedBy: '甲', labelSet: labelSet.name });
    t.true(Date.parse(held.claimExpiresAt) > Date.now() + 3_000_000);
    const words = { verdict: 'block', labels: ['红色'], labelSet: labelSet.name, comment: '红的' };
    t.like(await post(`/${id}/decision`, { ...words, reviewer: '乙' }), {
      status: 409,
      code: 'review_conflict',
    });
    t.like(await post(`/${id}/decision`, { ...words, reviewer: '甲' }), {
      status: 200,
      state: 'decided',
      review: { reviewer: '甲', verdict: 'block', labels: ['红色'], comment: '红的' },
    });
    t.like(await post(`/${id}/undo`, {}), { status: 200, state: 'open', review: null });
    t.like(await post(`/${id}/undo`, {}), { status: 409, code: 'review_conflict' });
    t.like(await post(`/${id}/decision`, { verdict: 'pass' }), {
      status: 200,
      review: { reviewer: 'local' },
    });

    t.like(await post(`/${id}/claim`, {}), { status: 409, code: 'review_conflict' }, 'it is decided');

    const wrong: [string, object, number, string][] = [
      ['/999999/decision', { verdict: 'pass' }, 404, 'review_not_found'],
      ['/999999/undo', {}, 404, 'review_not_found'],
      [`/${id}/decision`, {}, 400, 'invalid_request'],
      [`/${id}/decision`, { verdict: 'maybe' }, 400, 'invalid_request'],
      [`/${id}/decision`, { labels: ['红色'] }, 400, 'invalid_request'],
      [`/${id}/decision`, { labels: ['紫色'], labelSet: labelSet.name }, 400, 'invalid_request'],
      [`/${id}/decision`, { labels: [], labelSet: 'none' }, 404, 'label_set_not_found'],
      ['/999999/claim', {}, 404, 'review_not_found'],
      [`/${id}/claim`, { seconds: 0 }, 400, 'invalid_request'],
      ['/claim', { limit: 0 }, 400, 'invalid_request'],
      ['/claim', { reviewer: 'a\0' }, 400, 'invalid_request'],
      ['', { imageId: 999_999, verdict: 'pass' }, 404, 'image_not_found'],
    ];
    for (const [url, payload, status, code] of wrong)
      t.like(await post(url, payload), { status, code }, `${url} ${JSON.stringify(payload)}`);
    const { imageId } = items[4] as Item;
    t.is((await post('', { imageId, labels: ['绿色'], labelSet: labelSet.name })).status, 201);

    const file = await api.inject('/v1/export?format=jsonl&policy=q');
    t.regex(file.headers['content-type'] as string, /ndjson/);
    const lines = file.body
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    t.is(lines.length, 8);
    t.like(
      lines.find((line) => line.imageId === imageId),
      { truth: ['绿色'], decision: { action: 'review' } },
    );
    t.is(
      (await api.inject('/v1/export?format=parquet&vectors=true')).rawPayload.subarray(-4).toString(),
      'PAR1',
    );
    t.regex((await api.inject('/v1/export?format=label-studio&file=config')).body, /<Choice value="红色"\/>/);
    for (const query of [
      '',
      'format=xls',
      'format=csv&file=config',
      'format=csv&labels=none',
      'format=csv&imageUrl=x',
    ])
      t.is((await api.inject(`/v1/export?${query}`)).statusCode, 400, query);
  });
}
