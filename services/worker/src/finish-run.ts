import { labelStored } from '@tuhai/core/store/label-stored';
import { finishRun, getRun } from '@tuhai/core/store/runs';
import { moderateStored } from '@tuhai/core/store/moderate-stored';
import { getPolicy } from '@tuhai/core/store/policies';
import { getLabelSet } from '@tuhai/core/store/label-sets';
import { ensureVectorIndex } from '@tuhai/core/store/vector-index';
import type { WorkerContext } from './worker-context.js';

/**
 * What is left when no chunk is open: labels for the images that were unchanged but never saw the run's label
 * sets, the decisions of the run's policies, and the vector index. May be done twice, by anybody, at any time.
 */
export async function finishRunWork(runId: number, context: WorkerContext): Promise<void> {
  const { database, model } = context;
  const run = await getRun(database, runId);
  if (run.status !== 'running') return;
  for (const labelSetId of run.labelSetIds) {
    const score = await context.labellerOf(labelSetId);
    await labelStored(database, { model, labelSetId, sourceUri: run.source, score });
  }
  const labelSets = await Promise.all(
    run.labelSetIds.map(async (id) => ({ id, name: (await getLabelSet(database, id)).name })),
  );
  for (const policyId of run.policyIds) {
    const policy = await getPolicy(database, policyId);
    const labelSetId = labelSets.find(({ name }) => name === policy.labelSet)?.id;
    if (labelSetId === undefined) continue;
    await moderateStored(database, { model, policy, policyId, labelSetId, sourceUri: run.source });
  }
  await ensureVectorIndex(database, model);
  await finishRun(database, runId);
}
