import { setTimeout as sleep } from 'node:timers/promises';
import type { ChunkJob } from '@tuhai/core/queue/connect-queue';
import type { ListPage, Source } from '@tuhai/core/source/source';
import { commitPage, endListing, findUnchanged } from '@tuhai/core/store/list-page';
import type { Database } from '@tuhai/core/store/database';
import { countOpenChunks } from '@tuhai/core/store/chunks';
import type { Run } from '@tuhai/core/store/runs';
import { enqueueChunks } from '@tuhai/core/queue/enqueue';
import type { Queue } from 'bullmq';

export interface Listing {
  database: Database;
  queue: Queue<ChunkJob>;
  source: Source;
  run: Run;
  chunkSize: number;
  /** Listing pauses while so many chunks of this model are open. */
  openChunksMax: number;
  onPause?: () => void;
  signal?: AbortSignal;
}

/**
 * List → skip what is unchanged → chunk → enqueue, a page at a time: memory holds one page, whatever the
 * size of the source. Ends when the listing does, or early when the run is cancelled or taken by another.
 */
export async function listSource(listing: Listing): Promise<void> {
  const { database, queue, source, run } = listing;
  let cursorBefore = run.cursor;
  for await (const page of source.list({
    ...(cursorBefore && { after: cursorBefore }),
    ...signalOf(listing),
  })) {
    await waitForRoom(listing);
    const chunkIds = await commitListedPage(listing, page, cursorBefore);
    if (!chunkIds) return;
    await enqueueChunks(queue, chunkIds);
    cursorBefore = page.cursor;
  }
  await endListing(database, run.id, run.prune);
}

async function commitListedPage(
  { database, source, run, chunkSize }: Listing,
  { objects, cursor }: ListPage,
  cursorBefore: string | null,
): Promise<number[] | undefined> {
  const unchanged = await findUnchanged(database, { sourceUri: source.uri, modelId: run.model.id, objects });
  const trackKeys = run.prune || (source.mayRepeatKeys ?? false);
  return commitPage(database, {
    runId: run.id,
    cursorBefore,
    cursor,
    objects,
    unchanged,
    chunkSize: chunkSizeOf(objects.length - unchanged.size, chunkSize),
    trackKeys,
  });
}

async function waitForRoom({ database, run, openChunksMax, onPause, signal }: Listing): Promise<void> {
  if (openChunksMax === Infinity) return;
  while ((await countOpenChunks(database, run.model.id, openChunksMax)) >= openChunksMax) {
    onPause?.();
    await sleep(500, undefined, { ...(signal && { signal }) });
  }
}

const signalOf = ({ signal }: Listing) => (signal ? { signal } : {});

/**
 * A page is cut into some 16 chunks at least, of 8 images or more: a small run keeps every worker busy, and so does the
 * end of a large one.
 */
const chunkSizeOf = (objects: number, chunkSizeMax: number): number =>
  Math.min(chunkSizeMax, Math.max(8, Math.ceil(objects / 16)));
