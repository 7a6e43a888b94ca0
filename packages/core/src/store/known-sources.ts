import type { Database } from './database.js';

/** Whether some run has been opened over a source, by its canonical uri. */
export async function isKnownSource(database: Database, uri: string): Promise<boolean> {
  const { rowCount } = await database.pool.query('SELECT FROM sources WHERE uri = $1', [uri]);
  return rowCount === 1;
}
