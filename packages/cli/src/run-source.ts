import type { LabelSet } from '@tuhai/core/labels/label-set';
import type { Policy } from '@tuhai/core/moderation/policy';
import type { Bundle } from '@tuhai/core/model/bundle';
import { checkRedis } from '@tuhai/core/queue/check-redis';
import { openQueue, queueName } from '@tuhai/core/queue/connect-queue';
import type { Source } from '@tuhai/core/source/source';
import { registerLabelSet } from '@tuhai/core/store/label-sets';
import { registerPolicy } from '@tuhai/core/store/policies';
import { registerModel } from '@tuhai/core/store/register-model';
import type { Run } from '@tuhai/core/store/runs';
import { produceRun } from '@tuhai/producer/produce-run';
import { supervise, type Supervisor } from '@tuhai/worker/supervise';
import type { Logger } from 'pino';
import type { Progress } from './progress.js';
import { queueLocation, type Stack } from './stack.js';
import { watchRun } from './watch-run.js';

export interface RunOptions {
  stack: Stack;
  bundle: Bundle;
  source: Source;
  labelSets: LabelSet[];
  policies?: Policy[];
  prune: boolean;
  chunkSize: number;
  /** `enqueue`: leave it to the workers. `wait`: until they have done it. `work`: with workers of our own. */
  until: 'enqueue' | 'wait' | 'work';
  workerEnv: NodeJS.ProcessEnv;
  log: Logger;
  progress: Progress;
  note: (line: string) => void;
  signal: AbortSignal;
}

/** So many chunks of a model may be open before the listing pauses. */
const openChunksMax = 1_000;

/** One pass over a source. Interrupted, it can be taken up again by the same command. */
export async function runSource(options: RunOptions): Promise<Run> {
  const { stack, bundle, source, log, note, signal } = options;
  const { config, database } = stack;
  if (config.redisUrl) await checkRedis(config.redisUrl);
  const labelSetIds = await Promise.all(
    options.labelSets.map((labelSet) => registerLabelSet(database, labelSet)),
  );
  const policyIds = await Promise.all(
    (options.policies ?? []).map((policy) => registerPolicy(database, policy)),
  );
  const model = await registerModel(database, bundle);
  const { queue, close } = openQueue(queueName(bundle.fingerprint), queueLocation(config, log));
  // Ends listing and watching together: interrupted, or because either of them or the workers failed.
  const ended = new AbortController();
  const until = AbortSignal.any([signal, ended.signal]);
  const workers = options.until === 'work' ? startWorkers(options, ended) : undefined;
  let watched: Promise<Run> | undefined;
  try {
    const run = await produceRun({
      database,
      queue,
      source,
      model,
      labelSetIds,
      policyIds,
      openChunksMax,
      signal: until,
      prune: options.prune,
      chunkSize: options.chunkSize,
      onOpen(opened, resumed) {
        note(
          `run ${opened.id}: ${source.uri} with ${model.name}${resumed ? ', taken up where it stopped' : ''}`,
        );
        if (options.until === 'enqueue') return;
        watched = watchRun(database, opened.id, {
          ...options,
          signal: until,
        });
        watched.catch(() => ended.abort());
      },
    }).catch((error: Error) => {
      if (!until.aborted) throw error;
      return undefined;
    });
    await workers;
    return (await (watched ?? run)) as Run;
  } finally {
    ended.abort();
    await Promise.allSettled([watched, workers?.then((supervisor) => supervisor.close())]);
    await close();
  }
}

/** They load the model while the listing begins. */
function startWorkers({ stack, workerEnv, log }: RunOptions, ended: AbortController): Promise<Supervisor> {
  const workers = supervise({ processes: stack.config.workerProcesses, env: workerEnv, log });
  workers.catch(() => ended.abort());
  return workers;
}
