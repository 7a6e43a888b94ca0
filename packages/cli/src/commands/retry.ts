import type { Command } from 'commander';
import { failureCodes, isFailureCode, type FailureCode } from '@tuhai/core/item-failure';
import { readBundle } from '@tuhai/core/model/bundle';
import { checkRedis } from '@tuhai/core/queue/check-redis';
import { openQueue, queueName } from '@tuhai/core/queue/connect-queue';
import { enqueueChunks } from '@tuhai/core/queue/enqueue';
import { countFailures, retryFailures } from '@tuhai/core/store/failures';
import { getRun, type Run } from '@tuhai/core/store/runs';
import { UsageError } from '@tuhai/core/usage-error';
import { supervise } from '@tuhai/worker/supervise';
import { createProgress } from '../progress.js';
import { queueLocation, withStack, workerEnvironment, type Stack } from '../stack.js';
import { configOf, environmentOf, logOf, print, wholeNumber, type Terminal } from '../terminal.js';
import { watchRun } from '../watch-run.js';
import { runLine } from './runs.js';

const chunkSize = 64;

export function addRetryCommand(program: Command, terminal: Terminal): void {
  program
    .command('retry')
    .description('do again what failed and can succeed')
    .argument('<id>', 'a run', wholeNumber(1, 2 ** 31 - 1))
    .option('--code <code>', 'only failures of this code, permanent or not')
    .action((id: number, { code }: { code?: string }, command: Command) =>
      withStack(configOf(command, terminal), async (stack) => {
        const before = await getRun(stack.database, id);
        if (stack.embedded) await checkModel(stack, before);
        const retried = await requeue(stack, before, code);
        if (retried > 0 && stack.embedded) await work(stack, id, command, terminal);
        const run = await getRun(stack.database, id);
        const left = await countFailures(stack.database, id);
        const { status, embedded, failed } = run;
        print(command, terminal, { run: id, status, retried, embedded, failed }, () => [
          retried === 0
            ? `Nothing of run ${id} can be helped by a retry`
            : `${retried} images are tried again: ${runLine(run)}`,
          ...left.map(
            (f) =>
              `  ${f.code}: ${f.count}${f.retryable ? '' : ` (permanent; "--code ${f.code}" tries them all the same)`}`,
          ),
        ]);
        if (failed > 0) terminal.exitCode = 3;
      }),
    );
}

/** The workers started here can work with one model only. */
async function checkModel({ config }: Stack, { id, model }: Run): Promise<void> {
  const { fingerprint } = await readBundle(config.modelDir, config);
  if (fingerprint === model.fingerprint) return;
  throw new UsageError(`Run ${id} was made with another model, ${model.name}: give it with --model`);
}

/** Back into chunks, and into the queue. Returns how many images. */
async function requeue({ config, database }: Stack, run: Run, code: string | undefined): Promise<number> {
  const ofCode = code === undefined ? {} : { code: checkedCode(code) };
  if (config.redisUrl) await checkRedis(config.redisUrl);
  const { queue, close } = openQueue(queueName(run.model.fingerprint), queueLocation(config, logOf(config)));
  let retried = 0;
  try {
    for (;;) {
      const { objects, chunkIds } = await retryFailures(database, { runId: run.id, chunkSize, ...ofCode });
      if (objects === 0) return retried;
      await enqueueChunks(queue, chunkIds);
      retried += objects;
    }
  } finally {
    await close();
  }
}

function checkedCode(code: string): FailureCode {
  if (isFailureCode(code)) return code;
  throw new UsageError(`"${code}" is no failure code; there are ${Object.keys(failureCodes).join(', ')}`);
}

/** Nobody else works an embedded queue. */
async function work(
  { config, database }: Stack,
  id: number,
  command: Command,
  terminal: Terminal,
): Promise<void> {
  const env = workerEnvironment(config, environmentOf(command, terminal.env));
  const supervisor = await supervise({ processes: config.workerProcesses, env, log: logOf(config) });
  try {
    const progress = createProgress(terminal.stderr, 'images');
    await watchRun(database, id, { progress, signal: terminal.signal });
  } finally {
    await supervisor.close();
  }
}
