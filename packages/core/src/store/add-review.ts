import type { Database } from './database.js';
import type { ReviewWords } from './review-items.js';

/** Writes what somebody says of an image as it is now, outside of any queue. Undefined: no such image. */
export async function addReview(
  database: Database,
  imageId: number,
  words: ReviewWords,
): Promise<number | undefined> {
  const { rows } = await database.pool.query<{ id: number }>(
    `INSERT INTO reviews (image_id, etag, reviewer, verdict, label_set, labels, comment, origin)
     SELECT id, etag, $2, $3, $4, $5, $6, 'review' FROM images WHERE id = $1 RETURNING id`,
    [
      imageId,
      words.reviewer,
      words.verdict ?? null,
      words.labels ? words.labelSet : null,
      words.labels ?? null,
      words.comment ?? '',
    ],
  );
  return rows[0]?.id;
}
