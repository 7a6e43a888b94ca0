import type { Command } from 'commander';
import type { Database } from '@tuhai/core/store/database';
import { listFailures, type StoredFailure } from '@tuhai/core/store/failures';
import { cancelRun, getRun, listRuns, type Run } from '@tuhai/core/store/runs';
import { withStack } from '../stack.js';
import { configOf, print, wholeNumber, wantsJson, type Terminal } from '../terminal.js';

const runId = wholeNumber(1, 2 ** 31 - 1);
const failuresAtOnce = 1_000;

/** What happened: runs and failures; and ending a run. */
export function addRunsCommands(program: Command, terminal: Terminal): void {
  program
    .command('runs')
    .description('list runs, the newest first, or show one')
    .argument('[id]', 'a run', runId)
    .action((id: number | undefined, _options: object, command: Command) =>
      withStack(configOf(command, terminal), async ({ database }) => {
        const runs =
          id === undefined ? await listRuns(database, { limit: 50 }) : [await getRun(database, id)];
        print(command, terminal, id === undefined ? runs : runs[0], () => runs.map(runLine));
      }),
    );
  program
    .command('failures')
    .description('which images of a run failed, and why')
    .argument('<id>', 'a run', runId)
    .action((id: number, _options: object, command: Command) =>
      withStack(configOf(command, terminal), ({ database }) =>
        printFailures(command, terminal, database, id),
      ),
    );
  program
    .command('cancel')
    .description('stop a run; what is embedded stays')
    .argument('<id>', 'a run', runId)
    .action((id: number, _options: object, command: Command) =>
      withStack(configOf(command, terminal), async ({ database }) => {
        await cancelRun(database, id);
        const run = await getRun(database, id);
        print(command, terminal, run, () => [runLine(run)]);
      }),
    );
}

export function runLine(run: Run): string {
  const counts = `${run.listed} listed, ${run.unchanged} unchanged, ${run.embedded} embedded, ${run.failed} failed`;
  const pending = run.pending > 0 ? `, ${run.pending} pending` : '';
  return `${run.id}  ${run.status}  ${run.startedAt.toISOString()}  ${run.source}  ${run.model.name}  ${counts}${pending}`;
}

/** A page at a time: a run may have failed a million times. */
async function printFailures(
  command: Command,
  terminal: Terminal,
  database: Database,
  id: number,
): Promise<void> {
  await getRun(database, id);
  const json = wantsJson(command);
  let separator = json ? '[' : '';
  let page: StoredFailure[];
  let afterKey: string | undefined;
  do {
    page = await listFailures(database, {
      runId: id,
      limit: failuresAtOnce,
      ...(afterKey !== undefined && { afterKey }),
    });
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
