import type { ImportedReview, ImportProblem } from '../import/imported-review.js';
import type { LabelSet } from '../labels/label-set.js';
import type { Database } from './database.js';

const batchSize = 500;

export interface ImportResult {
  imported: number;
  /** Said already. */
  unchanged: number;
}

/**
 * Writes what a file says into `reviews`, 500 rows a transaction. What the same reviewer's newest import says already is
 * left as it is, so importing a file again changes nothing.
 * @param options.onProblem told of each line that cannot be used: labels that the set does not have, images that are
 * not there or have changed since
 */
export async function importReviews(
  database: Database,
  rows: AsyncIterable<ImportedReview | ImportProblem>,
  options: { labelSet: LabelSet; reviewer: string; onProblem: (problem: ImportProblem) => void },
): Promise<ImportResult> {
  const total: ImportResult = { imported: 0, unchanged: 0 };
  const known = new Set(options.labelSet.labels.map(({ name }) => name));
  const seen = new Map<string, number>();
  let batch: ImportedReview[] = [];
  const write = async () => {
    const done = await importBatch(database, batch, options);
    total.imported += done.imported;
    total.unchanged += done.unchanged;
    batch = [];
  };
  for await (const row of rows) {
    const problem = 'message' in row ? row : problemOf(row, { known, seen, ...options });
    if (problem) options.onProblem(problem);
    else batch.push(row as ImportedReview);
    if (batch.length === batchSize) await write();
  }
  await write();
  return total;
}

function problemOf(
  row: ImportedReview,
  {
    known,
    seen,
    ...options
  }: { known: Set<string>; seen: Map<string, number>; labelSet: LabelSet; reviewer: string },
): ImportProblem | undefined {
  const { line } = row;
  const unknown = row.labels.filter((label) => !known.has(label));
  if (unknown.length > 0)
    return {
      line,
      message: `${options.labelSet.name} has no ${unknown.map((label) => `"${label}"`).join(', ')}`,
    };
  const place = JSON.stringify([row.source, row.key, row.reviewer ?? options.reviewer]);
  const before = seen.get(place);
  if (before !== undefined)
    return { line, message: `${row.key} stands in line ${before} too, by the same reviewer` };
  seen.set(place, line);
  return undefined;
}

interface Written {
  line: number;
  key: string;
  /** How many images the row means. */
  images: number;
  isCurrent: boolean;
  isNew: boolean;
}

async function importBatch(
  database: Database,
  batch: readonly ImportedReview[],
  options: { labelSet: LabelSet; reviewer: string; onProblem: (problem: ImportProblem) => void },
): Promise<ImportResult> {
  if (batch.length === 0) return { imported: 0, unchanged: 0 };
  const rows = batch.map((row) => ({
    ...row,
    labels: [...new Set(row.labels)].toSorted(),
    reviewer: row.reviewer ?? options.reviewer,
    comment: row.comment ?? '',
  }));
  const { rows: written } = await database.pool.query<Written>(
    `WITH said AS (
       SELECT n.*, i.id AS image_id, i.etag AS current, count(i.id) OVER (PARTITION BY n.line, n.reviewer) AS images
       FROM jsonb_to_recordset($1::jsonb)
         AS n (line int, source text, key text, etag text, labels jsonb, reviewer text, comment text)
       LEFT JOIN (images i JOIN sources s ON s.id = i.source_id)
         ON i.key = n.key AND i.retired_at IS NULL AND (n.source IS NULL OR s.uri = n.source)
     ), usable AS (
       SELECT said.*, ARRAY (SELECT jsonb_array_elements_text(labels)) AS label_list FROM said
       WHERE images = 1 AND (etag IS NULL OR etag = current)
     ), added AS (
       INSERT INTO reviews (image_id, etag, reviewer, label_set, labels, comment, origin)
       SELECT image_id, current, reviewer, $2, label_list, comment, 'import' FROM usable u
       WHERE (u.label_list, u.comment) IS DISTINCT FROM (
         SELECT ROW (r.labels, r.comment) FROM reviews r WHERE r.image_id = u.image_id AND r.etag = u.current
           AND r.label_set = $2 AND r.reviewer = u.reviewer AND r.origin = 'import' AND r.undone_at IS NULL
         ORDER BY r.id DESC LIMIT 1)
       ORDER BY line RETURNING image_id, reviewer
     )
     SELECT DISTINCT line, key, images::int, (etag IS NULL OR etag = current) AS "isCurrent",
            EXISTS (SELECT FROM added a WHERE a.image_id = said.image_id AND a.reviewer = said.reviewer) AS "isNew"
     FROM said ORDER BY line`,
    [JSON.stringify(rows), options.labelSet.name],
  );
  const result: ImportResult = { imported: 0, unchanged: 0 };
  for (const { line, key, images, isCurrent, isNew } of written) {
    if (images === 0) options.onProblem({ line, message: `there is no image ${key}` });
    else if (images > 1)
      options.onProblem({ line, message: `there are ${images} images ${key}: give the source too` });
    else if (!isCurrent) options.onProblem({ line, message: `${key} has changed since it was looked at` });
    else if (isNew) result.imported++;
    else result.unchanged++;
  }
  return result;
}
