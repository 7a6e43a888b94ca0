import type { Queue } from 'bullmq';
import type { ChunkJob } from './connect-queue.js';

/** Queues chunks by their ids. A chunk that is queued already, or in hand, is not queued twice. */
export async function enqueueChunks(queue: Queue<ChunkJob>, chunkIds: readonly number[]): Promise<void> {
  if (chunkIds.length === 0) return;
  await queue.addBulk(
    chunkIds.map((chunkId) => ({ name: 'chunk', data: { chunkId }, opts: { jobId: `chunk-${chunkId}` } })),
  );
}

/** Queues the end of a run: labels for what was unchanged, the vector index, the status. */
export async function enqueueFinish(queue: Queue<ChunkJob>, finishRunId: number): Promise<void> {
  await queue.add('finish', { finishRunId }, { jobId: `finish-${finishRunId}` });
}
