import type { Policy } from '../moderation/policy.js';
import { UsageError } from '../usage-error.js';
import type { Database } from './database.js';

/** The id of this version of the policy, stored when it is new. */
export async function registerPolicy(database: Database, policy: Policy): Promise<number> {
  await database.pool.query(
    'INSERT INTO policies (name, version, definition) VALUES ($1, $2, $3) ON CONFLICT (name, version) DO NOTHING',
    [policy.name, policy.version, JSON.stringify(policy)],
  );
  const { rows } = await database.pool.query<{ id: number }>(
    'SELECT id FROM policies WHERE name = $1 AND version = $2',
    [policy.name, policy.version],
  );
  return (rows[0] as { id: number }).id;
}

export async function getPolicy(database: Database, id: number): Promise<Policy> {
  const { rows } = await database.pool.query<{ definition: Policy }>(
    'SELECT definition FROM policies WHERE id = $1',
    [id],
  );
  if (!rows[0]) throw new UsageError(`There is no policy ${id}`);
  return rows[0].definition;
}

/**
 * The version of a policy that decided last under a model.
 * @throws {UsageError} when none of that name has
 */
export async function choosePolicy(
  database: Database,
  wanted: { modelId: number; name: string },
): Promise<{ id: number; policy: Policy }> {
  const { rows } = await database.pool.query<{ id: number; policy: Policy }>(
    `SELECT id, definition AS policy FROM policies p
     WHERE name = $2 AND EXISTS (SELECT FROM decisions d WHERE d.policy_id = p.id AND d.model_id = $1)
     ORDER BY id DESC LIMIT 1`,
    [wanted.modelId, wanted.name],
  );
  if (!rows[0]) throw new UsageError(`No policy "${wanted.name}" has decided about this model's images`);
  return rows[0];
}
