import type { Command } from 'commander';
import { failureCodes, isFailureCode } from '@tuhai/core/item-failure';
import { openQueue, queueName } from '@tuhai/core/queue/connect-queue';
import { enqueueChunks } from '@tuhai/core/queue/enqueue';
import type { Database } from '@tuhai/core/store/database';
import { countFailures, listFailures, retryFailures, type StoredFailure } from '@tuhai/core/store/failures';
import { cancelRun, getRun, listRuns, type Run } from '@tuhai/core/store/runs';
import { UsageError } from '@tuhai/core/usage-error';
import { supervise } from '@tuhai/worker/supervise';
import { createProgress } from '../progress.js';
import { openStack, workerEnvironment, type Stack } from '../stack.js';
import { configOf, environmentOf, logOf, print, wholeNumber, wantsJson, type Terminal } from '../terminal.js';
import { watchRun } from '../watch-run.js';

const runId = wholeNumber(1, 2 ** 31 - 1);
const failuresAtOnce = 1_000;

/** What happened: runs, failures, and doing again what failed. */
export function addRunsCommands(program: Command, terminal: Terminal): void {
  program
    .command('runs')
    .description('list runs, the newest first, or show one')
    .argument('[id]', 'a run', runId)
    .action((id: number | undefined, _options: object, command: Command) =>
      withStack(command, terminal, async ({ database }) => {
        const runs = id === undefined ? await listRuns(database, { limit: 50 }) : [await getRun(database, id)];
        print(command, terminal, id === undefined ? runs : runs[0], () => runs.map(runLine));
      }),
    );
  program
    .command('failures')
    .description('which images of a run failed, and why')
    .argument('<id>', 'a run', runId)
    .action((id: number, _options: object, command: Command) =>
      withStack(command, terminal, ({ database }) => printFailures(command, terminal, database, id)),
    );
  program
    .command('retry')
    .description('do again what failed and can succeed')
    .argument('<id>', 'a run', runId)
    .option('--code <code>', 'only failures of this code, permanent or not')
    .action((id: number, options: { code?: string }, command: Command) =>
      withStack(command, terminal, (stack) => retry(command, terminal, stack, id, options.code)),
    );
  program
    .command('cancel')
    .description('stop a run; what is embedded stays')
    .argument('<id>', 'a run', runId)
    .action((id: number, _options: object, command: Command) =>
      withStack(command, terminal, async ({ database }) => {
        await cancelRun(database, id);
        const run = await getRun(database, id);
        print(command, terminal, run, () => [runLine(run)]);
      }),
    );
}

async function withStack(command: Command, terminal: Terminal, work: (stack: Stack) => Promise<void>): Promise<void> {
  const stack = await openStack(configOf(command, terminal));
  try {
    await work(stack);
  } finally {
    await stack.close();
  }
}

function runLine(run: Run): string {
  const counts = `${run.listed} listed, ${run.unchanged} unchanged, ${run.embedded} embedded, ${run.failed} failed`;
  const pending = run.pending > 0 ? `, ${run.pending} pending` : '';
  return `${run.id}  ${run.status}  ${run.startedAt.toISOString()}  ${run.source}  ${run.model.name}  ${counts}${pending}`;
}

/** A page at a time: a run may have failed a million times. */
async function printFailures(command: Command, terminal: Terminal, database: Database, id: number): Promise<void> {
  await getRun(database, id);
  const json = wantsJson(command);
  let separator = json ? '[' : '';
  let page: StoredFailure[];
  let afterKey: string | undefined;
  do {
    page = await listFailures(database, { runId: id, limit: failuresAtOnce, ...(afterKey !== undefined && { afterKey }) });
    for (const failure of page) {
      terminal.stdout.write(json ? `${separator}\n${JSON.stringify(failure)}` : `${failureLine(failure)}\n`);
      if (json) separator = ',';
    }
    afterKey = page.at(-1)?.key;
  } while (page.length === failuresAtOnce);
  if (json) terminal.stdout.write(separator === '[' ? '[]\n' : '\n]\n');
}

const failureLine = ({ key, code, message, attempts }: StoredFailure): string =>
  `${code}  ${key}  ${message}${attempts > 1 ? ` (${attempts} attempts)` : ''}`;

async function retry(command: Command, terminal: Terminal, stack: Stack, id: number, code?: string): Promise<void> {
  if (code !== undefined && !isFailureCode(code)) {
    throw new UsageError(`"${code}" is no failure code; there are ${Object.keys(failureCodes).join(', ')}`);
  }
  const { config, database } = stack;
  const { model } = await getRun(database, id);
  const log = logOf(config);
  const onError = (error: Error) => log.warn({ error: error.message }, 'connection error');
  const location = { ...(config.redisUrl && { redisUrl: config.redisUrl }), databaseUrl: config.databaseUrl, onError };
  const { queue, close } = openQueue(queueName(model.fingerprint), location);
  let retried = 0;
  try {
    for (;;) {
      const { objects, chunkIds } = await retryFailures(database, { runId: id, chunkSize: 64, ...(code && { code }) });
      if (objects === 0) break;
      await enqueueChunks(queue, chunkIds);
      retried += objects;
    }
  } finally {
    await close();
  }
  if (retried > 0 && stack.embedded) await work(command, terminal, stack, id);
  const run = await getRun(database, id);
  const left = await countFailures(database, id);
  print(command, terminal, { run: id, status: run.status, retried, embedded: run.embedded, failed: run.failed }, () => [
    retried === 0 ? `Nothing of run ${id} can be helped by a retry` : `${retried} images were tried again: ${runLine(run)}`,
    ...left.map((f) => `  ${f.code}: ${f.count}${f.retryable ? '' : ` (permanent; "--code ${f.code}" tries them all the same)`}`),
  ]);
  if (run.failed > 0) terminal.exitCode = 3;
}

/** Nobody else works an embedded queue. */
async function work(command: Command, terminal: Terminal, { config, database }: Stack, id: number): Promise<void> {
  const env = workerEnvironment(config, environmentOf(command, terminal.env));
  const supervisor = await supervise({ processes: config.workerProcesses, env, log: logOf(config) });
  try {
    await watchRun(database, id, { progress: createProgress(terminal.stderr, 'images'), signal: terminal.signal });
  } finally {
    await supervisor.close();
  }
}
