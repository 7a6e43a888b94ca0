import type { FailureCode } from '@tuhai/core/item-failure';
import { openQueue, queueName, type OpenQueue } from '@tuhai/core/queue/connect-queue';
import { enqueueChunks } from '@tuhai/core/queue/enqueue';
import type { Source } from '@tuhai/core/source/source';
import { retryFailures } from '@tuhai/core/store/failures';
import type { Database } from '@tuhai/core/store/database';
import type { StoredModel } from '@tuhai/core/store/register-model';
import type { Run } from '@tuhai/core/store/runs';
import { produceRun } from '@tuhai/producer/produce-run';
import type { Logger } from 'pino';

/** Starts runs and takes failures up again; the work itself is done by workers elsewhere. */
export interface RunControl {
  /** Resolves when the run is open; its listing goes on here. */
  start(wanted: {
    source: Source;
    labelSetIds: number[];
    prune: boolean;
  }): Promise<{ run: Run; resumed: boolean }>;
  /** @returns how many failures are tried again */
  retry(run: Run, code?: FailureCode): Promise<number>;
  /** Stops listings; the same request takes them up where they stopped. */
  close(): Promise<void>;
}

const chunkSize = 64;
/** So many chunks of a model may be open before a listing pauses. */
const openChunksMax = 1_000;

export function createRunControl(options: {
  database: Database;
  model: StoredModel;
  location: Parameters<typeof openQueue>[1];
  log: Logger;
}): RunControl {
  const { database, model, location, log } = options;
  const queues = new Map<string, OpenQueue>();
  const closing = new AbortController();
  const listings = new Set<Promise<unknown>>();

  /** Connected when it is first needed: searches go on without a queue. */
  function queueOf(fingerprint: string): OpenQueue['queue'] {
    const open = queues.get(fingerprint) ?? openQueue(queueName(fingerprint), location);
    queues.set(fingerprint, open);
    return open.queue;
  }

  return {
    start: ({ source, labelSetIds, prune }) =>
      new Promise((resolve, reject) => {
        let opened = false;
        const listing = produceRun({
          database,
          queue: queueOf(model.fingerprint),
          source,
          model,
          labelSetIds,
          prune,
          chunkSize,
          openChunksMax,
          signal: closing.signal,
          onOpen(run, resumed) {
            opened = true;
            resolve({ run, resumed });
          },
        })
          .catch((error: Error) => {
            if (!opened) reject(error);
            else if (!closing.signal.aborted)
              log.error({ source: source.uri, err: error }, 'a listing that a client asked for broke off');
          })
          .finally(() => listings.delete(listing));
        listings.add(listing);
      }),
    async retry(run, code) {
      const queue = queueOf(run.model.fingerprint);
      let retried = 0;
      for (;;) {
        const { objects, chunkIds } = await retryFailures(database, {
          runId: run.id,
          chunkSize,
          ...(code && { code }),
        });
        if (objects === 0) return retried;
        await enqueueChunks(queue, chunkIds);
        retried += objects;
      }
    },
    async close() {
      closing.abort();
      await Promise.allSettled(listings);
      for (const { close } of queues.values()) await close();
    },
  };
}
