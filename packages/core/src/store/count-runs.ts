import type { Database } from './database.js';
import type { RunStatus } from './runs.js';

export async function countRunsByStatus(database: Database): Promise<{ status: RunStatus; count: number }[]> {
  const { rows } = await database.pool.query<{ status: RunStatus; count: number }>(
    'SELECT status, count(*) FROM runs GROUP BY status',
  );
  return rows;
}
