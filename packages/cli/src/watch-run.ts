import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '@tuhai/core/store/database';
import { getRun, type Run } from '@tuhai/core/store/runs';
import { UsageError } from '@tuhai/core/usage-error';
import type { Progress } from './progress.js';

const everyMs = 250;
/** The workers outlive a database that is away for a while; so does who watches them. */
const outageMsMax = 60_000;

/** Follows a run until it is finished or cancelled, or until `signal`; resolves to what it is then. */
export async function watchRun(
  database: Database,
  runId: number,
  { progress, signal }: { progress: Progress; signal: AbortSignal },
): Promise<Run> {
  const startedMs = Date.now();
  let first: number | undefined;
  let awaySinceMs: number | undefined;
  for (;;) {
    const run = await getRun(database, runId).catch((error: Error) => {
      awaySinceMs ??= Date.now();
      const isOver = signal.aborted || Date.now() - awaySinceMs > outageMsMax;
      if (isOver || error instanceof UsageError) throw error;
    });
    if (!run) {
      await sleep(everyMs);
      continue;
    }
    awaySinceMs = undefined;
    first ??= run.embedded;
    const perSecond = (run.embedded - first) / Math.max(0.001, (Date.now() - startedMs) / 1000);
    progress.update(run.listed - run.pending, run.listed, noteOf(run, perSecond));
    if (run.status === 'finished' || run.status === 'cancelled' || signal.aborted) {
      progress.stop();
      return run;
    }
    await sleep(everyMs, undefined, { signal }).catch(() => undefined);
  }
}

function noteOf({ status, pending, unchanged, failed }: Run, perSecond: number): string {
  const notes = [
    status === 'listing' && 'listing',
    status === 'running' && pending === 0 && 'labelling and indexing',
    `${perSecond.toFixed(1)}/s`,
    unchanged > 0 && `${unchanged} unchanged`,
    failed > 0 && `${failed} failed`,
  ];
  return notes.filter(Boolean).join(', ');
}
