import { once } from 'node:events';
import { get } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { claimChunk } from '@tuhai/core/store/chunks';
import { commitChunk } from '@tuhai/core/store/commit-chunk';
import { cancelRun, finishRun, openRun } from '@tuhai/core/store/runs';
import type { ExecutionContext } from 'ava';
import { databases } from './databases.js';
import { openApi } from './open-api.js';
import { failedObject, listRun, objectOf, results } from '../store/collection.js';

const [{ test, open }] = databases.slice(-1) as [(typeof databases)[number]];

interface Event {
  event: string;
  data: { id: number; status: string; failed: number; pending: number };
}

/** Events as they come; a comment is none. */
async function* eventsIn(answer: IncomingMessage): AsyncGenerator<Event> {
  let rest = '';
  for await (const text of answer.setEncoding('utf8')) {
    const blocks = (rest + (text as string)).split('\n\n');
    rest = blocks.pop() as string;
    for (const block of blocks) {
      const [, event, data] = /^event: (\w+)\ndata: (.*)$/.exec(block) ?? [];
      if (event && data) yield { event, data: JSON.parse(data) as Event['data'] };
    }
  }
}

test("a run's events follow it to its end, and no stream keeps the API from closing", async (t: ExecutionContext) => {
  const { api, database, sourceUri, runId } = await openApi(t, await open(t));
  const url = await api.listen({ host: '127.0.0.1', port: 0 });
  const stream = async (id: number) => {
    const request = get(`${url}/v1/runs/${id}/events`);
    const [answer] = (await once(request, 'response')) as [IncomingMessage];
    return { answer, destroy: () => request.destroy() };
  };
  const finished = await stream(runId);
  t.like(finished.answer.headers, {
    'content-type': 'text/event-stream',
    'x-content-type-options': 'nosniff',
  });
  const past: Event[] = [];
  for await (const event of eventsIn(finished.answer)) past.push(event);
  t.like(past, { 0: { event: 'end', data: { id: runId, status: 'finished', failed: 2 } }, length: 1 });

  const { rows } = await database.pool.query<{ id: number }>('SELECT id FROM models');
  const model = { id: rows[0]?.id as number, fingerprint: '', name: '', dimension: 256 };
  const { runId: live, chunkIds } = await listRun({ database, sourceUri: `${sourceUri}/b`, model }, [
    objectOf('a'),
  ]);
  const followed = await stream(live);
  const seen: string[] = [];
  for await (const { event, data } of eventsIn(followed.answer)) {
    seen.push(`${event} ${data.status} ${data.pending} ${data.failed}`);
    if (data.pending === 1) {
      const chunk = await claimChunk(database, chunkIds[0] as number);
      await commitChunk(
        database,
        chunk as never,
        results({ failed: [failedObject(objectOf('a'), 'corrupt')] }),
      );
    } else if (event === 'run') await finishRun(database, live);
  }
  t.deepEqual(seen, ['run running 1 0', 'run running 0 1', 'end finished 0 1']);

  const wanted = { sourceUri: `${sourceUri}/c`, modelId: model.id, labelSetIds: [], prune: false };
  const { id: open1 } = await openRun(database, wanted);
  const left = await stream(open1);
  left.destroy();
  const last = await stream(open1);
  await api.close();
  const events: Event[] = [];
  for await (const event of eventsIn(last.answer)) events.push(event);
  t.like(events, { 0: { event: 'run', data: { status: 'listing' } }, length: 1 });
  await cancelRun(database, open1);
});
