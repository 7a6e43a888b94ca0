import { randomUUID } from 'node:crypto';
import { decide, type Decision } from '@tuhai/core/moderation/decide';
import { parsePolicy } from '@tuhai/core/moderation/policy';
import type { Database } from '@tuhai/core/store/database';
import { moderateStored } from '@tuhai/core/store/moderate-stored';
import { registerPolicy } from '@tuhai/core/store/policies';
import {
  claimReviewItems,
  decideReviewItem,
  listReviewItems,
  ReviewConflict,
  undoReviewItem,
} from '@tuhai/core/store/review-items';
import {
  embedLabelled,
  labelledCollection,
  ranked,
  type LabelledCollection,
} from '../export/labelled-collection.js';
import { objectOf } from '../store/collection.js';
import { onEachDatabase } from '../store/on-each-database.js';

const images = (count: number, probability = 0.9, etag = 'v1') =>
  Array.from({ length: count }, (_, i) => ({
    object: objectOf(`${100 + i}`, etag),
    predictions: ranked(['枪', probability], ['猫', 1 - probability]),
  }));

const claimMs = 60_000;

function policyOf(labelSet: string, queue: string, probability = 0.5) {
  const rules = [{ action: 'review', labels: ['枪'], probability }];
  return parsePolicy(JSON.stringify({ name: queue, labelSet, rules }), 'p.json');
}

async function moderate(
  collection: LabelledCollection,
  policy: ReturnType<typeof policyOf>,
): Promise<Decision[]> {
  const { database, model, labelSetId } = collection;
  const decided: Decision[] = [];
  const policyId = await registerPolicy(database, policy);
  const onDecided = (decisions: Decision[]) => void decided.push(...decisions);
  await moderateStored(database, { model, policy, policyId, labelSetId, onDecided });
  return decided;
}

async function reviewQueue(database: Database, count: number) {
  const queue = randomUUID();
  const collection = await labelledCollection(database, images(count), { labels: ['枪', '猫'] });
  const policy = policyOf(collection.labelSet.name, queue);
  await moderate(collection, policy);
  return { queue, collection, policy };
}

onEachDatabase('decisions are made once, and anew for a changed image', async (t, database) => {
  const { queue, collection, policy } = await reviewQueue(database, 3);
  t.deepEqual(await moderate(collection, policy), [], 'a second time there is nothing to do');
  const all = async () => {
    const { rows } = await database.pool.query(
      `SELECT i.key, d.etag, d.action, d.reasons FROM decisions d JOIN images i ON i.id = d.image_id
       JOIN policies p ON p.id = d.policy_id WHERE p.name = $1 ORDER BY i.key, p.id`,
      [queue],
    );
    return rows;
  };
  const { action, reasons } = decide(policy, {
    source: '',
    key: '',
    predictions: images(1)[0]?.predictions ?? [],
  });
  t.like((await all())[0], { key: '100', etag: 'v1', action, reasons: [{ rule: 1, label: '枪' }] });
  t.is(reasons.length, 1);

  await embedLabelled(collection, images(1, 0.1, 'v2'));
  t.like(await moderate(collection, policy), [{ action: 'pass', reasons: [] }]);
  t.like(await all(), [{ etag: 'v2', action: 'pass' }, { etag: 'v1', action: 'review' }, { etag: 'v1' }]);
  const waiting = await listReviewItems(database, { queue, limit: 10 });
  t.deepEqual(
    waiting.map(({ key }) => key),
    ['101', '102'],
    'what no longer is to be looked at waits no more',
  );

  await decideReviewItem(database, waiting[0]?.id ?? 0, { reviewer: 'a', verdict: 'pass' });
  await moderate(collection, policyOf(collection.labelSet.name, queue, 0.6));
  t.deepEqual(
    (await listReviewItems(database, { queue, limit: 10 })).map(({ key, state }) => [key, state]),
    [
      ['101', 'decided'],
      ['102', 'open'],
    ],
    'a new version of the policy does not ask again',
  );
});

onEachDatabase(
  'many people at once each get items of their own, and each item one review',
  async (t, database) => {
    const { queue } = await reviewQueue(database, 20);
    const people = Array.from({ length: 8 }, (_, i) => `reviewer ${i}`);
    const claims = await Promise.all(
      people.map((reviewer) => claimReviewItems(database, { queue, reviewer, limit: 4, claimMs })),
    );
    const ids = claims.flat().map(({ id }) => id);
    t.is(new Set(ids).size, ids.length, 'nobody got what another got');
    while ((await claimReviewItems(database, { queue, reviewer: 'late', limit: 50, claimMs })).length > 0);
    t.is((await listReviewItems(database, { queue, state: 'claimed', limit: 50 })).length, 20);
    t.deepEqual(await claimReviewItems(database, { queue, reviewer: 'b', limit: 1, claimMs }), []);
  },
);

onEachDatabase(
  'of many who decide the same item one is written, the others are told',
  async (t, database) => {
    const { queue } = await reviewQueue(database, 1);
    const [item] = await listReviewItems(database, { queue, limit: 1 });
    const id = item?.id ?? 0;
    const said = await Promise.allSettled(
      Array.from({ length: 6 }, (_, i) =>
        decideReviewItem(database, id, { reviewer: `r${i}`, verdict: 'block' }),
      ),
    );
    t.is(said.filter(({ status }) => status === 'fulfilled').length, 1);
    for (const answer of said)
      if (answer.status === 'rejected') t.true(answer.reason instanceof ReviewConflict);
    const { rows } = await database.pool.query('SELECT r.reviewer FROM reviews r WHERE image_id = $1', [
      item?.imageId,
    ]);
    t.is(rows.length, 1);
  },
);

onEachDatabase('a claim keeps others out until it expires', async (t, database) => {
  const { queue } = await reviewQueue(database, 1);
  const [mine] = await claimReviewItems(database, { queue, reviewer: 'a', limit: 5, claimMs });
  const id = mine?.id ?? 0;
  t.like(mine, { state: 'claimed', claimedBy: 'a', reason: 'policy', decision: { action: 'review' } });
  await t.throwsAsync(decideReviewItem(database, id, { reviewer: 'b', verdict: 'pass' }), {
    instanceOf: ReviewConflict,
    message: /^a has claimed/,
  });
  await database.pool.query(
    `UPDATE review_items SET claim_expires_at = now() - interval '1 s' WHERE id = $1`,
    [id],
  );
  const [theirs] = await claimReviewItems(database, { queue, reviewer: 'b', limit: 5, claimMs });
  t.like(theirs, { id, claimedBy: 'b' });
  await t.throwsAsync(decideReviewItem(database, id, { reviewer: 'a', verdict: 'pass' }), {
    message: /^b has claimed/,
  });
  t.like(await decideReviewItem(database, id, { reviewer: 'b', verdict: 'pass' }), { state: 'decided' });
});

onEachDatabase('what was said can be said again, taken back, and said otherwise', async (t, database) => {
  const { queue, collection } = await reviewQueue(database, 1);
  const [item] = await listReviewItems(database, { queue, limit: 1 });
  const id = item?.id ?? 0;
  const words = {
    reviewer: 'a',
    verdict: 'block' as const,
    labels: ['枪'],
    labelSet: collection.labelSet.name,
    comment: '真枪',
  };
  const decided = await decideReviewItem(database, id, words);
  t.like(decided, {
    state: 'decided',
    review: { reviewer: 'a', verdict: 'block', labels: ['枪'], comment: '真枪' },
  });
  t.deepEqual(
    await decideReviewItem(database, id, words),
    decided,
    'an answer that got lost is asked for again',
  );
  const truths = async () =>
    (await database.pool.query('SELECT labels, reviewer FROM truths WHERE image_id = $1', [item?.imageId]))
      .rows;
  t.deepEqual(await truths(), [{ labels: ['枪'], reviewer: 'a' }]);

  t.like(await undoReviewItem(database, id, 'b'), { state: 'open', review: null });
  t.deepEqual(await truths(), []);
  await t.throwsAsync(undoReviewItem(database, id, 'b'), { instanceOf: ReviewConflict });
  await decideReviewItem(database, id, { reviewer: 'b', verdict: 'pass' });
  const { rows } = await database.pool.query(
    'SELECT reviewer, verdict, comment, undone_by FROM reviews WHERE image_id = $1 ORDER BY id',
    [item?.imageId],
  );
  t.deepEqual(rows, [
    { reviewer: 'a', verdict: 'block', comment: '真枪', undone_by: 'b' },
    { reviewer: 'b', verdict: 'pass', comment: '', undone_by: null },
  ]);
  t.is(await decideReviewItem(database, 2 ** 40, words), undefined);
  t.is(await undoReviewItem(database, 2 ** 40, 'a'), undefined);
});
