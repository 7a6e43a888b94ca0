import type { Source } from '@tuhai/core/source/source';
import type { Database } from '@tuhai/core/store/database';
import { findUnchanged } from '@tuhai/core/store/list-page';
import { findModel } from '@tuhai/core/store/register-model';

/** What a run would do, without doing any of it: lists and compares, writes and fetches nothing. */
export async function dryRun(
  database: Database,
  source: Source,
  fingerprint: string,
): Promise<{ listed: number; unchanged: number; toEmbed: number; bytesToFetch: number }> {
  const model = await findModel(database, fingerprint);
  const plan = { listed: 0, unchanged: 0, toEmbed: 0, bytesToFetch: 0 };
  for await (const { objects } of source.list()) {
    const unchanged = model
      ? await findUnchanged(database, { sourceUri: source.uri, modelId: model.id, objects })
      : new Set<string>();
    const changed = objects.filter(({ key }) => !unchanged.has(key));
    plan.listed += objects.length;
    plan.unchanged += objects.length - changed.length;
    plan.toEmbed += changed.length;
    plan.bytesToFetch += changed.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  }
  return plan;
}
