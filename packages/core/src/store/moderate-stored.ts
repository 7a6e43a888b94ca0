import type { Prediction } from '../labels/score-labels.js';
import { decide, type Decision } from '../moderation/decide.js';
import type { Policy } from '../moderation/policy.js';
import type { Database, Queryable } from './database.js';
import { partitionOf, type StoredModel } from './register-model.js';

interface Undecided {
  imageId: number;
  source: string;
  key: string;
  etag: string;
  predictions: Prediction[];
}

export interface ModerateOptions {
  model: StoredModel;
  policy: Policy;
  policyId: number;
  /** The version of the policy's label set whose predictions to read. */
  labelSetId: number;
  /** Absent: images of every source. */
  sourceUri?: string;
  signal?: AbortSignal;
  onDecided?: (decisions: Decision[]) => void;
}

const pageSize = 1_000;

/**
 * Decides about the stored predictions that have no decision of this policy yet, or one that was made from an earlier
 * version of the image or of the label set. A page a transaction: cut off, the next call goes on, and a second call
 * does nothing.
 */
export async function moderateStored(database: Database, options: ModerateOptions): Promise<void> {
  for (let afterImageId = 0; !options.signal?.aborted;) {
    const page = await database.transaction(async (client) => {
      const images = await undecided(client, options, afterImageId);
      const decisions = images.map((image) => decide(options.policy, image));
      if (images.length > 0) {
        await upsertDecisions(client, options, images, decisions);
        await queueReviews(client, options.policy.name, images, decisions);
      }
      return { lastImageId: images.at(-1)?.imageId, decisions };
    });
    if (page.lastImageId === undefined) return;
    options.onDecided?.(page.decisions);
    afterImageId = page.lastImageId;
  }
}

async function undecided(
  client: Queryable,
  { model, policyId, labelSetId, sourceUri }: ModerateOptions,
  afterImageId: number,
): Promise<Undecided[]> {
  const { rows } = await client.query<Undecided>(
    `SELECT i.id AS "imageId", s.uri AS source, i.key, e.etag,
       (SELECT json_agg(json_build_object('label', p.label, 'cosine', p.cosine, 'probability', p.probability,
                                          'rank', p.rank) ORDER BY p.rank)
        FROM predictions p WHERE p.image_id = i.id AND p.label_set_id = $2 AND p.model_id = $3) AS predictions
     FROM ${partitionOf(model)} e JOIN images i ON i.id = e.image_id JOIN sources s ON s.id = i.source_id
     WHERE e.image_id > $1 AND i.retired_at IS NULL AND ($5::text IS NULL OR s.uri = $5)
       AND EXISTS (SELECT FROM predictions p WHERE p.image_id = i.id AND p.label_set_id = $2 AND p.model_id = $3)
       AND NOT EXISTS (SELECT FROM decisions d WHERE d.image_id = i.id AND d.policy_id = $4 AND d.model_id = $3
                         AND d.label_set_id = $2 AND d.etag = e.etag)
     ORDER BY e.image_id LIMIT $6 FOR SHARE OF e`,
    [afterImageId, labelSetId, model.id, policyId, sourceUri ?? null, pageSize],
  );
  return rows;
}

async function upsertDecisions(
  client: Queryable,
  { model, policyId, labelSetId }: ModerateOptions,
  images: readonly Undecided[],
  decisions: readonly Decision[],
): Promise<void> {
  await client.query(
    `INSERT INTO decisions (model_id, policy_id, label_set_id, image_id, etag, action, sampled, reasons)
     SELECT $1, $2, $3, * FROM unnest($4::bigint[], $5::text[], $6::text[], $7::boolean[], $8::jsonb[])
     ON CONFLICT (image_id, policy_id, model_id) DO UPDATE SET label_set_id = excluded.label_set_id,
       etag = excluded.etag, action = excluded.action, sampled = excluded.sampled, reasons = excluded.reasons,
       decided_at = now()`,
    [
      model.id,
      policyId,
      labelSetId,
      images.map(({ imageId }) => imageId),
      images.map(({ etag }) => etag),
      decisions.map(({ action }) => action),
      decisions.map(({ sampled }) => sampled),
      decisions.map(({ reasons }) => JSON.stringify(reasons)),
    ],
  );
}

const priorities = { policy: 10, sample: 0 } as const;

/**
 * Who is to be looked at waits in the queue of the policy's name; who waited there for a version or a decision that no
 * longer holds is taken out, unless somebody has it in hand.
 */
async function queueReviews(
  client: Queryable,
  queue: string,
  images: readonly Undecided[],
  decisions: readonly Decision[],
): Promise<void> {
  const wanted = images.flatMap((image, i) => {
    const decision = decisions[i] as Decision;
    const reason = decision.action === 'review' ? 'policy' : decision.sampled ? 'sample' : undefined;
    return reason ? [{ ...image, reason, priority: priorities[reason] }] : [];
  });
  const [ids, etags] = [wanted.map(({ imageId }) => imageId), wanted.map(({ etag }) => etag)];
  await client.query(
    `DELETE FROM review_items q WHERE queue = $1 AND image_id = ANY ($2) AND review_id IS NULL AND reason <> 'manual'
       AND (claim_expires_at IS NULL OR claim_expires_at < now())
       AND NOT EXISTS (SELECT FROM unnest($3::bigint[], $4::text[]) AS w (id, etag)
                       WHERE w.id = q.image_id AND w.etag = q.etag)`,
    [queue, images.map(({ imageId }) => imageId), ids, etags],
  );
  await client.query(
    `INSERT INTO review_items (queue, image_id, etag, reason, priority)
     SELECT $1, * FROM unnest($2::bigint[], $3::text[], $4::text[], $5::int[])
     ON CONFLICT (queue, image_id, etag) DO NOTHING`,
    [queue, ids, etags, wanted.map(({ reason }) => reason), wanted.map(({ priority }) => priority)],
  );
}
