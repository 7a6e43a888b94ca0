import { createHash } from 'node:crypto';
import { embedEnsembles } from '../labels/embed-labels.js';
import { labelTexts } from '../labels/label-texts.js';
import type { LabelSet } from '../labels/label-set.js';
import { toMatrix } from '../model/to-matrix.js';
import type { TextTower } from '../model/text-tower.js';
import type { Database } from './database.js';

/** Labels kept a model; at 512 dimensions 100 MB. */
const entriesMax = 50_000;

/**
 * As `embedLabels`, where only labels are embedded that no label set has had under this model: one changed label among
 * thousands costs one.
 * @param options.embed called for what is missing only
 * @returns float32 [R, D], the rows of `labelTexts`
 */
export async function embedLabelsOnce(
  database: Database,
  options: { modelId: number; labelSet: LabelSet; embed: TextTower['embed'] },
): Promise<Float32Array> {
  const { modelId, labelSet, embed } = options;
  const rows = labelTexts(labelSet).map((texts) => ({ texts, hash: hashOf(texts) }));
  const known = await getLabelEmbeddings(
    database,
    modelId,
    rows.map(({ hash }) => hash),
  );
  const missing = rows.filter(({ hash }) => !known.has(hash));
  if (missing.length > 0) {
    const matrix = await embedEnsembles(
      missing.map(({ texts }) => texts),
      { embed },
    );
    const dimension = matrix.length / missing.length;
    const made = missing.map(
      ({ hash }, i) => [hash, matrix.subarray(i * dimension, (i + 1) * dimension)] as const,
    );
    await putLabelEmbeddings(database, modelId, made);
    for (const [hash, row] of made) known.set(hash, row);
  }
  return toMatrix(rows.map(({ hash }) => known.get(hash) as Float32Array));
}

const hashOf = (texts: readonly string[]): string =>
  createHash('sha256').update(JSON.stringify(texts)).digest('hex');

async function getLabelEmbeddings(
  database: Database,
  modelId: number,
  hashes: string[],
): Promise<Map<string, Float32Array>> {
  const { rows } = await database.pool.query<{ hash: string; embedding: Buffer }>(
    `SELECT encode(texts_hash, 'hex') AS hash, embedding FROM label_embeddings
     WHERE model_id = $1 AND texts_hash IN (SELECT decode(h, 'hex') FROM unnest($2::text[]) h)`,
    [modelId, hashes],
  );
  // Copied: a Buffer's memory need not begin at a multiple of four.
  return new Map(
    rows.map(({ hash, embedding }) => [hash, new Float32Array(new Uint8Array(embedding).buffer)]),
  );
}

async function putLabelEmbeddings(
  database: Database,
  modelId: number,
  made: readonly (readonly [hash: string, row: Float32Array])[],
): Promise<void> {
  await database.pool.query(
    `INSERT INTO label_embeddings (model_id, texts_hash, embedding)
     SELECT $1, decode(hash, 'hex'), embedding FROM unnest($2::text[], $3::bytea[]) AS l (hash, embedding)
     ORDER BY hash ON CONFLICT DO NOTHING`,
    [
      modelId,
      made.map(([hash]) => hash),
      made.map(([, row]) => Buffer.from(row.buffer, row.byteOffset, row.byteLength)),
    ],
  );
  await database.pool.query(
    `DELETE FROM label_embeddings WHERE model_id = $1 AND texts_hash IN (
       SELECT texts_hash FROM label_embeddings WHERE model_id = $1
       ORDER BY embedded_at DESC, texts_hash OFFSET $2)`,
    [modelId, entriesMax],
  );
}
