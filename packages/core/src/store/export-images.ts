import type { ExportedImage } from '../export/exported-image.js';
import type { Database } from './database.js';
import { partitionOf, type StoredModel } from './register-model.js';
import { decodeVector } from './vector-codec.js';

export interface ExportSelection {
  model: StoredModel;
  labelSet?: { id: number; name: string };
  policyId?: number;
  vectors: boolean;
  /** Sources by their canonical uri. */
  source?: string;
  /** Keys that start with this. */
  prefix?: string;
}

type Row = Omit<ExportedImage, 'embedding'> & { embedding: Buffer | null };

/**
 * All images that a model has embedded, by id, a page at a time: memory holds one page, whatever the size of the
 * collection. Each page is read as it stands then; no image comes twice.
 */
export async function* exportImages(
  database: Database,
  selection: ExportSelection,
  pageSize = 1_000,
): AsyncGenerator<ExportedImage[]> {
  for (let afterImageId = 0; ;) {
    const rows = await exportPage(database, selection, afterImageId, pageSize);
    if (rows.length > 0) yield rows.map((row) => toImage(row, selection));
    if (rows.length < pageSize) return;
    afterImageId = rows.at(-1)?.imageId as number;
  }
}

async function exportPage(
  database: Database,
  { model, labelSet, policyId, vectors, source, prefix }: ExportSelection,
  afterImageId: number,
  limit: number,
): Promise<Row[]> {
  const { rows } = await database.pool.query<Row>(
    `SELECT i.id AS "imageId", s.uri AS source, i.key, e.etag, i.size_bytes AS "sizeBytes", i.width, i.height, i.format,
       coalesce((SELECT json_agg(json_build_object('label', p.label, 'cosine', p.cosine, 'probability', p.probability,
                                                   'rank', p.rank, 'margin', p.margin, 'passed', p.passed) ORDER BY p.rank)
                 FROM predictions p WHERE p.image_id = i.id AND p.label_set_id = $3 AND p.model_id = $4), '[]') AS predictions,
       (SELECT r.labels FROM reviews r WHERE r.image_id = i.id AND r.etag = e.etag AND r.label_set = $5
          AND r.undone_at IS NULL ORDER BY r.id DESC LIMIT 1) AS truth,
       (SELECT json_build_object('action', d.action, 'sampled', d.sampled, 'reasons', d.reasons)
        FROM decisions d WHERE d.image_id = i.id AND d.policy_id = $6 AND d.model_id = $4 AND d.etag = e.etag) AS decision,
       CASE WHEN $7 THEN vector_send(e.embedding) END AS embedding
     FROM ${partitionOf(model)} e JOIN images i ON i.id = e.image_id JOIN sources s ON s.id = i.source_id
     WHERE e.image_id > $1 AND i.retired_at IS NULL AND ($8::text IS NULL OR s.uri = $8)
       AND ($9::text IS NULL OR starts_with(i.key, $9))
     ORDER BY e.image_id LIMIT $2`,
    [
      afterImageId,
      limit,
      labelSet?.id ?? null,
      model.id,
      labelSet?.name ?? null,
      policyId ?? null,
      vectors,
      source ?? null,
      prefix ?? null,
    ],
  );
  return rows;
}

function toImage(
  { embedding, decision, ...image }: Row,
  { model, policyId }: ExportSelection,
): ExportedImage {
  const vector = embedding && new Float32Array(model.dimension);
  if (vector) decodeVector(embedding, vector, 0);
  return {
    ...image,
    ...(policyId !== undefined && { decision: decision ?? null }),
    ...(vector && { embedding: vector }),
  };
}
