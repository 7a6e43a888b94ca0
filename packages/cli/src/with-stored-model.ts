import type { Config } from '@tuhai/core/config';
import { readBundle } from '@tuhai/core/model/bundle';
import type { Database } from '@tuhai/core/store/database';
import { findModel, type StoredModel } from '@tuhai/core/store/register-model';
import { UsageError } from '@tuhai/core/usage-error';
import { hasData, modelDirOf, withStack } from './stack.js';

/**
 * The database and the configured model's row in it, for commands that only read or write results.
 * @throws {UsageError} where nothing is stored, or nothing of this model
 */
export async function withStoredModel(
  config: Config,
  work: (stored: { database: Database; model: StoredModel }) => Promise<void>,
): Promise<void> {
  if (!hasData(config))
    throw new UsageError(`Nothing is stored in ${config.home} yet: "tuhai run SOURCE" first`);
  const { name, fingerprint } = await readBundle(modelDirOf(config), config);
  await withStack(config, async ({ database }) => {
    const model = await findModel(database, fingerprint);
    if (!model)
      throw new UsageError(`No image has been embedded with ${name} (${fingerprint.slice(0, 12)}) yet`);
    await work({ database, model });
  });
}
