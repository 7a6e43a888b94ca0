import { setTimeout as sleep } from 'node:timers/promises';
import { findRun, type Run } from '@tuhai/core/store/runs';
import { Type } from 'typebox';
import type { ApiContext } from '../api-context.js';
import { problems, runId } from '../api-schemas.js';
import { Problem } from '../problem.js';
import type { Api } from '../schema-validation.js';
import { summaryOf } from './runs.js';

const everyMs = 500;
/** Proxies cut a connection on which nothing comes for a minute or so. */
const heartbeatMs = 15_000;
const streamsMax = 200;

/**
 * `GET /v1/runs/{id}/events`: server-sent events. `run` whenever the run has changed, with the run as data; `end` with
 * the last of them, after which the stream closes: a client that reconnects by itself should stop then.
 */
export function addRunEvents(api: Api, { database, log }: ApiContext): void {
  const closing = new AbortController();
  api.addHook('preClose', async () => closing.abort());
  let streams = 0;

  api.get('/v1/runs/:id/events', {
    schema: {
      tags: ['runs'],
      summary: "A run's progress as server-sent events, until it ends",
      params: Type.Object({ id: runId }),
      response: { 200: eventsSchema, ...problems },
    },
    async handler({ params: { id }, raw: request }, reply) {
      const first = await findRun(database, id);
      if (!first) throw new Problem('run_not_found', `There is no run ${id}`);
      if (streams >= streamsMax) throw new Problem('too_many_streams', 'Try again later');
      const gone = new AbortController();
      request.on('close', () => gone.abort());
      const signal = AbortSignal.any([gone.signal, closing.signal]);
      // The headers that hooks have set go with it.
      reply.hijack();
      reply.raw.writeHead(200, {
        ...(reply.getHeaders() as Record<string, string>),
        'content-type': 'text/event-stream',
        'cache-control': 'no-store',
        'x-accel-buffering': 'no',
        // Kept alive, it would keep a service that stops waiting.
        connection: 'close',
      });
      streams++;
      try {
        for await (const event of eventsOf(first, { read: () => findRun(database, id), signal })) {
          // A client that does not read is let go rather than kept in memory.
          if (!reply.raw.write(event) && reply.raw.writableLength > 1_000_000) break;
        }
      } catch (error) {
        log.warn({ run: id, error: (error as Error).message }, 'a stream of progress broke off');
      } finally {
        streams--;
        reply.raw.end();
      }
    },
  });
}

const eventsSchema = {
  description: 'Events `run`, and `end` with the last state; their data is a run as JSON',
  content: { 'text/event-stream': { schema: Type.String() } },
};

/** The run as events until it ends or is gone, or until `signal`. */
async function* eventsOf(
  first: Run,
  { read, signal }: { read: () => Promise<Run | undefined>; signal: AbortSignal },
): AsyncGenerator<string> {
  let run: Run | undefined = first;
  let sent = '';
  let sentMs = 0;
  while (run && !signal.aborted) {
    const data = JSON.stringify(summaryOf(run));
    const isEnd = run.status === 'finished' || run.status === 'cancelled';
    if (data !== sent || isEnd) {
      yield `event: ${isEnd ? 'end' : 'run'}\ndata: ${data}\n\n`;
      sent = data;
      sentMs = Date.now();
    } else if (Date.now() - sentMs > heartbeatMs) {
      yield ': still here\n\n';
      sentMs = Date.now();
    }
    if (isEnd) return;
    await sleep(everyMs, undefined, { signal }).catch(() => undefined);
    run = await read();
  }
}
