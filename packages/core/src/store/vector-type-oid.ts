import type { Database } from './database.js';

const known = new WeakMap<Database, number>();

/** The oid that this database gave the type `vector` when the extension was made. */
export async function vectorTypeOid(database: Database): Promise<number> {
  const cached = known.get(database);
  if (cached !== undefined) return cached;
  const { rows } = await database.pool.query<{ oid: number }>(`SELECT 'vector'::regtype::oid AS oid`);
  const { oid } = rows[0] as { oid: number };
  known.set(database, oid);
  return oid;
}
