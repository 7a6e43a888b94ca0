import { enqueueChunks, enqueueFinish } from '@tuhai/core/queue/enqueue';
import type { ChunkJob } from '@tuhai/core/queue/connect-queue';
import type { Source } from '@tuhai/core/source/source';
import { listOpenChunks } from '@tuhai/core/store/chunks';
import type { Database } from '@tuhai/core/store/database';
import type { StoredModel } from '@tuhai/core/store/register-model';
import { getRun, isRunReadyToFinish, openRun, type Run } from '@tuhai/core/store/runs';
import type { Queue } from 'bullmq';
import { listSource } from './list-source.js';

export interface RunRequest {
  database: Database;
  queue: Queue<ChunkJob>;
  source: Source;
  model: StoredModel;
  labelSetIds: number[];
  policyIds?: number[];
  prune: boolean;
  chunkSize: number;
  /** Above so many open chunks of the model it pauses; Infinity: never. */
  openChunksMax: number;
  /** As soon as the run has an id. */
  onOpen?: (run: Run, resumed: boolean) => void;
  onPause?: () => void;
  signal?: AbortSignal;
}

/**
 * One pass over a source: opens a run, or takes up the open one, and queues all that is new or changed.
 * Its work goes on in the workers; the run finishes by itself.
 */
export async function produceRun(request: RunRequest): Promise<Run> {
  const { database, queue, source, model, labelSetIds, prune } = request;
  const { id, resumed } = await openRun(database, {
    sourceUri: source.uri,
    modelId: model.id,
    labelSetIds,
    ...(request.policyIds && { policyIds: request.policyIds }),
    prune,
  });
  const run = await getRun(database, id);
  request.onOpen?.(run, resumed);
  if (resumed)
    for await (const chunkIds of listOpenChunks(database, id)) await enqueueChunks(queue, chunkIds);
  if (run.status === 'listing') await listSource({ ...request, run });
  if (await isRunReadyToFinish(database, id)) await enqueueFinish(queue, id);
  return getRun(database, id);
}
