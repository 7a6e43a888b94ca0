import { enqueueChunks, enqueueFinish } from '@tuhai/core/queue/enqueue';
import { takeOverdueChunks } from '@tuhai/core/store/chunks';
import { listUnfinishedRuns } from '@tuhai/core/store/runs';
import type { WorkerContext } from './worker-context.js';

/**
 * Queues again what is open in the database and may have been lost from the queue: Redis restarted empty, or a
 * producer or worker killed between its commit and the queue. What is queued already is not queued twice.
 * A chunk is overdue after two lock durations (a minute by default), as then it is not merely being redelivered.
 */
export function startSweep(
  { database, queue, model, log }: Pick<WorkerContext, 'database' | 'queue' | 'model' | 'log'>,
  lockDurationMs: number,
) {
  let sweeping: Promise<void> = Promise.resolve();
  const timer = setInterval(() => {
    sweeping = sweep().catch((error: Error) =>
      log.warn({ error: error.message }, 'sweep failed, will try again'),
    );
  }, lockDurationMs / 2);

  async function sweep(): Promise<void> {
    const overdue = { modelId: model.id, olderThanMs: 2 * lockDurationMs, limit: 200 };
    await enqueueChunks(queue, await takeOverdueChunks(database, overdue));
    for (const runId of await listUnfinishedRuns(database, model.id)) await enqueueFinish(queue, runId);
  }

  return {
    async stop(): Promise<void> {
      clearInterval(timer);
      await sweeping;
    },
  };
}
