import type { ImageLimits } from '@tuhai/core/image/limits';
import { ItemFailure } from '@tuhai/core/item-failure';
import { toMatrix } from '@tuhai/core/model/to-matrix';
import { enqueueFinish } from '@tuhai/core/queue/enqueue';
import type { Outcome } from '@tuhai/core/outcome';
import { claimChunk, type ClaimedChunk } from '@tuhai/core/store/chunks';
import { commitChunk, type ChunkResults } from '@tuhai/core/store/commit-chunk';
import { isRunReadyToFinish } from '@tuhai/core/store/runs';
import { embedObjects, type EmbeddedImage, type Stages } from './embed-objects.js';
import type { WorkerContext } from './worker-context.js';

/** How often passing failures put an object off before they become its outcome: some 30 s in all. */
const attemptsMax = 6;
/** A chunk that so many processes died with is given up, careful as they were. */
const crashesMax = 10;

/** Objects of the chunk met passing failures: BullMQ delivers it again, later, with those alone. */
export class ChunkPutOff extends Error {
  override name = 'ChunkPutOff';
}

/**
 * Claim → fetch, decode, embed → label → commit. Whoever is killed at any point, the chunk is delivered
 * again with exactly the objects that have no committed outcome.
 */
export async function consumeChunk(chunkId: number, context: WorkerContext): Promise<void> {
  const chunk = await context.observe('claim', () => claimChunk(context.database, chunkId));
  if (!chunk) return;
  const outcomes = await embedChunk(chunk, context);
  const results = await toResults(chunk, outcomes, context);
  const committed = await context.observe('commit', () => commitChunk(context.database, chunk, results));
  if (!committed) {
    context.log.info({ chunkId }, 'chunk was taken over by another worker, or its run cancelled');
    return;
  }
  context.onCommitted(results);
  if (results.remaining.length > 0) throw new ChunkPutOff(`${results.remaining.length} objects are put off`);
  if (await isRunReadyToFinish(context.database, chunk.runId))
    await enqueueFinish(context.queue, chunk.runId);
}

async function embedChunk(chunk: ClaimedChunk, context: WorkerContext): Promise<Outcome<EmbeddedImage>[]> {
  if (chunk.crashes >= crashesMax) {
    const failure = new ItemFailure(
      'internal',
      `${chunk.crashes} workers died or failed with this image's chunk`,
    );
    return chunk.objects.map((object) => ({ object, ok: false, failure }));
  }
  const source = await context.sourceOf(chunk.sourceUri).catch((error: Error) => {
    const failure = new ItemFailure('source_unavailable', error.message, { cause: error });
    return { fetch: () => Promise.reject(failure) };
  });
  // Somebody died with this chunk: perhaps of one of its images.
  const decode = chunk.crashes > 0 ? context.decodeCarefully : context.decode;
  const { observe } = context;
  const stages: Stages = {
    fetch: ({ key }) => observe('fetch', () => source.fetch(key, fetchLimits(context.limits))),
    decode: (bytes) => observe('decode', () => decode(bytes)),
    embed: (pixels) => observe('embed', () => context.embed(pixels)),
  };
  return embedObjects(chunk.objects, stages, context.inFlight);
}

const fetchLimits = ({ bytesMax, timeoutMs }: ImageLimits) => ({ bytesMax, timeoutMs });

async function toResults(
  chunk: ClaimedChunk,
  outcomes: Outcome<EmbeddedImage>[],
  context: WorkerContext,
): Promise<ChunkResults> {
  const results: ChunkResults = { embedded: [], failed: [], remaining: [] };
  const lastAttempt = chunk.attempts + 1 >= attemptsMax;
  for (const outcome of outcomes) {
    const { object } = outcome;
    if (outcome.ok) {
      const { sizeBytes } = outcome.value;
      // The listing's ETag: should the object have changed since, the next run sees it and takes it again.
      results.embedded.push({ ...outcome.value, object: { ...object, sizeBytes }, predictions: new Map() });
    } else if (outcome.failure.retryable && !lastAttempt) results.remaining.push(object);
    else results.failed.push({ object, failure: outcome.failure });
  }
  const matrix = toMatrix(results.embedded.map(({ embedding }) => embedding));
  for (const labelSetId of chunk.labelSetIds) {
    const label = await context.labellerOf(labelSetId);
    const predictions = await context.observe('label', () => label(matrix));
    for (const [i, image] of results.embedded.entries())
      image.predictions.set(labelSetId, predictions[i] ?? []);
  }
  return results;
}
