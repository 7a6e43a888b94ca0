import type { Database } from './database.js';
import type { StoredModel } from './register-model.js';
import { vectorText } from './vector-codec.js';

/** Searches look at every text of a corpus: more of them would make one slow. */
export const corpusTextsMax = 100_000;

/** How many of a corpus have vectors of a model. */
export async function countTexts(database: Database, model: StoredModel, corpus: string): Promise<number> {
  const { rows } = await database.pool.query<{ count: number }>(
    `SELECT count(*) FROM texts t JOIN text_embeddings e ON e.text_id = t.id AND e.model_id = $2 WHERE t.corpus = $1`,
    [corpus, model.id],
  );
  return rows[0]?.count ?? 0;
}

/**
 * Adds texts with their vectors to a corpus; those already there are left as they are.
 * @param entries different texts; vectors `[D]`, of length 1
 * @returns how many had no vector of this model before
 */
export async function addTexts(
  database: Database,
  model: StoredModel,
  { corpus, entries }: { corpus: string; entries: { text: string; vector: Float32Array }[] },
): Promise<number> {
  return database.transaction(async (client) => {
    const texts = entries.map(({ text }) => text);
    await client.query(
      `INSERT INTO texts (corpus, text) SELECT $1, unnest($2::text[]) ON CONFLICT (corpus, md5(text)) DO NOTHING`,
      [corpus, texts],
    );
    const { rowCount } = await client.query(
      `INSERT INTO text_embeddings (model_id, text_id, embedding)
       SELECT $3, t.id, n.vector::vector FROM unnest($2::text[], $4::text[]) AS n (text, vector)
       JOIN texts t ON t.corpus = $1 AND md5(t.text) = md5(n.text)
       ON CONFLICT DO NOTHING`,
      [corpus, texts, model.id, entries.map(({ vector }) => vectorText(vector))],
    );
    return rowCount ?? 0;
  });
}

export async function listCorpora(
  database: Database,
  model: StoredModel,
): Promise<{ corpus: string; texts: number }[]> {
  const { rows } = await database.pool.query<{ corpus: string; texts: number }>(
    `SELECT t.corpus, count(*) AS texts FROM texts t JOIN text_embeddings e ON e.text_id = t.id AND e.model_id = $1
     GROUP BY t.corpus ORDER BY t.corpus LIMIT 1000`,
    [model.id],
  );
  return rows;
}

/** The k texts of a corpus nearest to a vector, the nearest first, among those with vectors of the model. */
export async function searchTexts(
  database: Database,
  model: StoredModel,
  query: { corpus: string; vector: Float32Array; k: number },
): Promise<{ text: string; cosine: number }[]> {
  const { rows } = await database.pool.query<{ text: string; cosine: number }>(
    `SELECT t.text, 1 - (e.embedding <=> $3::vector) AS cosine
     FROM texts t JOIN text_embeddings e ON e.text_id = t.id AND e.model_id = $1
     WHERE t.corpus = $2 ORDER BY e.embedding <=> $3::vector, t.id LIMIT $4`,
    [model.id, query.corpus, vectorText(query.vector), query.k],
  );
  return rows;
}
