import type { Prediction } from '../labels/score-labels.js';
import type { Database } from './database.js';

export interface StoredImage {
  id: number;
  source: string;
  key: string;
  etag: string;
  sizeBytes: number;
  width: number | null;
  height: number | null;
  format: string | null;
  firstSeenAt: Date;
  retiredAt: Date | null;
}

export async function getImage(database: Database, id: number): Promise<StoredImage | undefined> {
  const { rows } = await database.pool.query<StoredImage>(
    `SELECT i.id, s.uri AS source, i.key, i.etag, i.size_bytes AS "sizeBytes", i.width, i.height, i.format,
            i.first_seen_at AS "firstSeenAt", i.retired_at AS "retiredAt"
     FROM images i JOIN sources s ON s.id = i.source_id WHERE i.id = $1`,
    [id],
  );
  return rows[0];
}

export interface LabelSetPredictions {
  labelSet: string;
  version: string;
  /** In rank order. */
  predictions: Prediction[];
}

/** What a model says of an image under each label set, the newest label set first. */
export async function getPredictions(
  database: Database,
  of: { imageId: number; modelId: number },
): Promise<LabelSetPredictions[]> {
  const { rows } = await database.pool.query<LabelSetPredictions>(
    `SELECT l.name AS "labelSet", l.version,
            json_agg(json_build_object('label', p.label, 'cosine', p.cosine, 'probability', p.probability, 'rank', p.rank,
                                       'margin', p.margin, 'passed', p.passed)
                     ORDER BY p.rank) AS predictions
     FROM predictions p JOIN label_sets l ON l.id = p.label_set_id
     WHERE p.image_id = $1 AND p.model_id = $2
     GROUP BY l.id ORDER BY l.id DESC`,
    [of.imageId, of.modelId],
  );
  return rows;
}
