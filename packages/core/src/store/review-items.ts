import type { Action, Reason } from '../moderation/decide.js';
import type { Database, Queryable } from './database.js';

export const reviewStates = ['open', 'claimed', 'decided'] as const;
export type ReviewState = (typeof reviewStates)[number];
export type Verdict = 'pass' | 'block';

export interface ReviewItem {
  id: number;
  queue: string;
  imageId: number;
  source: string;
  key: string;
  /** What its labels are chosen from: by name, the queue's policy's or else the newest that the image has predictions of. */
  labelSet: string | null;
  reason: 'policy' | 'sample' | 'manual';
  priority: number;
  state: ReviewState;
  claimedBy: string | null;
  claimExpiresAt: Date | null;
  /** The newest one of the queue's policy. */
  decision: { action: Action; reasons: Reason[] } | null;
  review: {
    id: number;
    reviewer: string;
    verdict: Verdict | null;
    labels: string[] | null;
    comment: string;
  } | null;
}

/** Somebody else has it, or was faster. Nothing was written; the message says who. */
export class ReviewConflict extends Error {
  override name = 'ReviewConflict';
}

const stateOf = `CASE WHEN q.review_id IS NOT NULL THEN 'decided' WHEN q.claim_expires_at > now() THEN 'claimed' ELSE 'open' END`;

const selectItems = `
  SELECT q.id, q.queue, q.image_id AS "imageId", s.uri AS source, i.key, q.reason, q.priority, ${stateOf} AS state,
         coalesce((SELECT p.definition->>'labelSet' FROM policies p WHERE p.name = q.queue ORDER BY p.id DESC LIMIT 1),
                  (SELECT l.name FROM predictions p JOIN label_sets l ON l.id = p.label_set_id
                   WHERE p.image_id = q.image_id ORDER BY l.id DESC LIMIT 1)) AS "labelSet",
         q.claimed_by AS "claimedBy", q.claim_expires_at AS "claimExpiresAt",
         (SELECT json_build_object('action', d.action, 'reasons', d.reasons) FROM decisions d
          JOIN policies p ON p.id = d.policy_id WHERE d.image_id = q.image_id AND d.etag = q.etag AND p.name = q.queue
          ORDER BY d.decided_at DESC LIMIT 1) AS decision,
         CASE WHEN r.id IS NOT NULL THEN json_build_object('id', r.id, 'reviewer', r.reviewer, 'verdict', r.verdict,
                                                           'labels', r.labels, 'comment', r.comment) END AS review
  FROM review_items q JOIN images i ON i.id = q.image_id JOIN sources s ON s.id = i.source_id
  LEFT JOIN reviews r ON r.id = q.review_id`;

/** In order of id. */
export async function listReviewItems(
  database: Database,
  options: { queue?: string; state?: ReviewState; limit: number; afterId?: number },
): Promise<ReviewItem[]> {
  const { rows } = await database.pool.query<ReviewItem>(
    `${selectItems} WHERE q.id > $1 AND ($2::text IS NULL OR q.queue = $2) AND ($3::text IS NULL OR ${stateOf} = $3)
     ORDER BY q.id LIMIT $4`,
    [options.afterId ?? 0, options.queue ?? null, options.state ?? null, options.limit],
  );
  return rows;
}

export async function findReviewItem(client: Queryable, id: number): Promise<ReviewItem | undefined> {
  const { rows } = await client.query<ReviewItem>(`${selectItems} WHERE q.id = $1`, [id]);
  return rows[0];
}

/**
 * The next open items, the highest priority first, for one person until `claimMs` have passed. Two who ask at the same
 * time get different ones.
 */
export async function claimReviewItems(
  database: Database,
  options: { queue?: string; reviewer: string; limit: number; claimMs: number },
): Promise<ReviewItem[]> {
  return database.transaction(async (client) => {
    const { rows } = await client.query<{ id: number }>(
      `UPDATE review_items SET claimed_by = $2, claim_expires_at = now() + make_interval(secs => $4::float8 / 1000)
       WHERE id IN (SELECT q.id FROM review_items q JOIN images i ON i.id = q.image_id
                    WHERE ($1::text IS NULL OR q.queue = $1) AND q.review_id IS NULL AND i.retired_at IS NULL
                      AND (q.claim_expires_at IS NULL OR q.claim_expires_at < now())
                    ORDER BY q.priority DESC, q.id LIMIT $3 FOR UPDATE OF q SKIP LOCKED)
       RETURNING id`,
      [options.queue ?? null, options.reviewer, options.limit, options.claimMs],
    );
    const items = await client.query<ReviewItem>(
      `${selectItems} WHERE q.id = ANY ($1) ORDER BY q.priority DESC, q.id`,
      [rows.map(({ id }) => id)],
    );
    return items.rows;
  });
}

/**
 * Holds an item that its claimer still looks at for another `claimMs`; one whose claim has run out and that nobody took
 * is claimed again.
 * @returns undefined when there is no such item
 * @throws {ReviewConflict} when somebody else has claimed it, or it is decided
 */
export async function holdReviewItem(
  database: Database,
  id: number,
  { reviewer, claimMs }: { reviewer: string; claimMs: number },
): Promise<ReviewItem | undefined> {
  return database.transaction(async (client) => {
    const item = await lockItem(client, id);
    if (!item) return undefined;
    if (item.review) throw new ReviewConflict(`${item.review.reviewer} has decided item ${id}`);
    refuseOthersClaim(item, reviewer);
    await client.query(
      `UPDATE review_items SET claimed_by = $2, claim_expires_at = now() + make_interval(secs => $3::float8 / 1000)
       WHERE id = $1`,
      [id, reviewer, claimMs],
    );
    return findReviewItem(client, id);
  });
}

export interface ReviewWords {
  reviewer: string;
  verdict?: Verdict;
  /** The labels of `labelSet` that fit, all others do not. */
  labels?: string[];
  labelSet?: string;
  comment?: string;
}

/**
 * Writes what somebody says of an item. Saying the same again does nothing.
 * @returns undefined when there is no such item
 * @throws {ReviewConflict} when somebody else has claimed or decided it
 */
export async function decideReviewItem(
  database: Database,
  id: number,
  words: ReviewWords,
): Promise<ReviewItem | undefined> {
  return database.transaction(async (client) => {
    const item = await lockItem(client, id);
    if (!item) return undefined;
    if (item.review) {
      if (isSame(item.review, words)) return item;
      throw new ReviewConflict(`${item.review.reviewer} has decided item ${id}`);
    }
    refuseOthersClaim(item, words.reviewer);
    await client.query(
      `WITH said AS (
         INSERT INTO reviews (image_id, etag, reviewer, verdict, label_set, labels, comment, origin)
         SELECT image_id, etag, $2, $3, $4, $5, $6, 'review' FROM review_items WHERE id = $1 RETURNING id
       )
       UPDATE review_items SET review_id = said.id, claimed_by = NULL, claim_expires_at = NULL FROM said WHERE review_items.id = $1`,
      [
        id,
        words.reviewer,
        words.verdict ?? null,
        words.labels ? words.labelSet : null,
        words.labels ?? null,
        words.comment ?? '',
      ],
    );
    return findReviewItem(client, id);
  });
}

/**
 * Takes back what was said of an item: it is open again, and the row stays with who took it back.
 * @returns undefined when there is no such item
 * @throws {ReviewConflict} when it is not decided
 */
export async function undoReviewItem(
  database: Database,
  id: number,
  reviewer: string,
): Promise<ReviewItem | undefined> {
  return database.transaction(async (client) => {
    const item = await lockItem(client, id);
    if (!item) return undefined;
    if (!item.review) throw new ReviewConflict(`Item ${id} is not decided`);
    await client.query('UPDATE review_items SET review_id = NULL WHERE id = $1', [id]);
    await client.query('UPDATE reviews SET undone_at = now(), undone_by = $2 WHERE id = $1', [
      item.review.id,
      reviewer,
    ]);
    return findReviewItem(client, id);
  });
}

function refuseOthersClaim({ id, state, claimedBy }: ReviewItem, reviewer: string): void {
  if (state === 'claimed' && claimedBy !== reviewer)
    throw new ReviewConflict(`${claimedBy} has claimed item ${id}`);
}

async function lockItem(client: Queryable, id: number): Promise<ReviewItem | undefined> {
  await client.query('SELECT FROM review_items WHERE id = $1 FOR UPDATE', [id]);
  return findReviewItem(client, id);
}

const isSame = (review: NonNullable<ReviewItem['review']>, words: ReviewWords): boolean =>
  review.reviewer === words.reviewer &&
  review.verdict === (words.verdict ?? null) &&
  JSON.stringify(review.labels) === JSON.stringify(words.labels ?? null) &&
  review.comment === (words.comment ?? '');
