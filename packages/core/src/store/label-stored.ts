import type { Prediction } from '../labels/score-labels.js';
import type { Database, Queryable } from './database.js';
import { insertPredictions } from './insert-predictions.js';
import { partitionOf, type StoredModel } from './register-model.js';

export interface LabelStoredOptions {
  model: StoredModel;
  labelSetId: number;
  /** Absent: images of every source. */
  sourceUri?: string;
  /** `[N, D]` to one list of predictions an image. */
  score: (matrix: Float32Array) => Promise<Prediction[][]>;
  onLabelled?: (images: number) => void;
  /** Aborted: what is in hand is finished, and no more is begun. */
  signal?: AbortSignal;
  /** Images of a transaction. Default 1,000. */
  pageSize?: number;
}

/** While one page is written another is scored. */
const pagesInHand = 2;

/**
 * Scores the stored vectors that a label set has not been applied to, a page a transaction: what was cut off is taken up
 * again by the next call, and several at once do no harm. A vector that is replaced meanwhile never keeps the
 * predictions of the one before.
 * @returns how many images were labelled
 */
export async function labelStored(database: Database, options: LabelStoredOptions): Promise<number> {
  let labelled = 0;
  let after: number | undefined = 0;
  // Pages are found one after the other, whoever asks.
  let finding: Promise<unknown> = Promise.resolve();
  const nextPage = (): Promise<number[]> => {
    const page = finding.then(async () => {
      while (after !== undefined && !options.signal?.aborted) {
        const ids = await findUnlabelled(database, options, after);
        after = ids.lastLookedAt;
        if (ids.unlabelled.length > 0) return ids.unlabelled;
      }
      return [];
    });
    finding = page.catch(() => undefined);
    return page;
  };
  const labelPages = async (): Promise<void> => {
    for (let ids = await nextPage(); ids.length > 0; ids = await nextPage()) {
      const images = await labelPage(database, options, ids);
      labelled += images;
      options.onLabelled?.(images);
    }
  };
  const lanes = await Promise.allSettled(Array.from({ length: pagesInHand }, labelPages));
  for (const lane of lanes) if (lane.status === 'rejected') throw lane.reason;
  return labelled;
}

/** How many images `labelStored` would label. */
export async function countUnlabelled(
  database: Database,
  options: Pick<LabelStoredOptions, 'model' | 'labelSetId' | 'sourceUri'>,
): Promise<number> {
  const { rows } = await database.pool.query<{ count: number }>(
    `SELECT count(*) AS count FROM ${partitionOf(options.model)} e ${whereUnlabelled}`,
    unlabelledValues(options, 0),
  );
  return rows[0]?.count ?? 0;
}

/** The next vectors by id are taken first and looked at then: the work of a page does not grow with the collection. */
async function findUnlabelled(
  database: Database,
  options: LabelStoredOptions,
  afterImageId: number,
): Promise<{ unlabelled: number[]; lastLookedAt: number | undefined }> {
  const { model, pageSize = 1_000 } = options;
  const { rows } = await database.pool.query<{ last: number | null; ids: number[] }>(
    `WITH page AS MATERIALIZED (
       SELECT image_id FROM ${partitionOf(model)} WHERE model_id = $1 AND image_id > $2
       ORDER BY image_id LIMIT ${pageSize})
     SELECT (SELECT max(image_id) FROM page) AS last,
            ARRAY(SELECT e.image_id::float8 FROM page e ${whereUnlabelled} ORDER BY e.image_id) AS ids`,
    unlabelledValues(options, afterImageId),
  );
  return { unlabelled: rows[0]?.ids ?? [], lastLookedAt: rows[0]?.last ?? undefined };
}

const whereUnlabelled = `WHERE e.image_id > $2
     AND (SELECT i.retired_at IS NULL AND ($3::text IS NULL OR s.uri = $3)
          FROM images i JOIN sources s ON s.id = i.source_id WHERE i.id = e.image_id)
     AND ${hasNone('$4')}`;

/**
 * A look into the primary key, an image at a time, whatever the planner knows of the table, as for the image itself: a
 * join may become a scan of all images for every vector, NOT EXISTS a join with all predictions there are, once a page,
 * LIMIT 1 a scan of the table, and a bare label_set_id a walk through the index by label.
 */
function hasNone(labelSetId: string): string {
  return `(SELECT count(*) FROM predictions p
    WHERE p.image_id = e.image_id AND p.label_set_id + 0 = ${labelSetId} AND p.model_id + 0 = $1) = 0`;
}

const unlabelledValues = (
  { model, labelSetId, sourceUri }: Pick<LabelStoredOptions, 'model' | 'labelSetId' | 'sourceUri'>,
  afterImageId: number,
): unknown[] => [model.id, afterImageId, sourceUri ?? null, labelSetId];

async function labelPage(database: Database, options: LabelStoredOptions, ids: number[]): Promise<number> {
  const { model, labelSetId } = options;
  return database.transaction(async (client) => {
    await lockImages(client, ids);
    const { imageIds, matrix } = await readUnlabelled(client, options, ids);
    if (imageIds.length === 0) return 0;
    const predictions = await options.score(matrix);
    await insertPredictions(client, { modelId: model.id, labelSetId, imageIds, predictions });
    return imageIds.length;
  });
}

/**
 * Whoever writes or deletes an image's vector or predictions holds the lock of its row. Taken in key order by all, so
 * that no two wait for each other in a circle.
 */
async function lockImages(client: Queryable, ids: readonly number[]): Promise<void> {
  await client.query(
    'SELECT FROM images WHERE id = ANY ($1::bigint[]) ORDER BY source_id, key FOR NO KEY UPDATE',
    [ids],
  );
}

/** In a statement of its own: it sees what was committed while the lock was waited for. */
async function readUnlabelled(
  client: Queryable,
  { model, labelSetId }: LabelStoredOptions,
  ids: readonly number[],
): Promise<{ imageIds: number[]; matrix: Float32Array }> {
  const { rows } = await client.query<{ id: number; components: Buffer }>(
    `SELECT e.image_id AS id, substr(vector_send(e.embedding), 5) AS components
     FROM ${partitionOf(model)} e
     WHERE e.model_id = $1 AND e.image_id = ANY ($2::bigint[]) AND ${hasNone('$3')}
     ORDER BY e.image_id`,
    [model.id, ids, labelSetId],
  );
  return { imageIds: rows.map(({ id }) => id), matrix: toMatrix(rows, model.dimension) };
}

/** Of big-endian floats. */
function toMatrix(rows: readonly { components: Buffer }[], dimension: number): Float32Array {
  const bytes = Buffer.from(new ArrayBuffer(rows.length * dimension * 4));
  rows.forEach(({ components }, i) => components.copy(bytes, i * dimension * 4));
  bytes.swap32();
  return new Float32Array(bytes.buffer);
}
