import type { Command } from 'commander';
import { readBundle } from '@tuhai/core/model/bundle';
import type { LabelSet } from '@tuhai/core/labels/label-set';
import { checkPolicyLabels, type Policy } from '@tuhai/core/moderation/policy';
import { UsageError } from '@tuhai/core/usage-error';
import { openSource } from '@tuhai/core/source/open-source';
import type { Run } from '@tuhai/core/store/runs';
import { dryRun } from '@tuhai/producer/dry-run';
import { createProgress } from '../progress.js';
import { readLabelFile } from '../read-label-file.js';
import { readPolicyFile } from '../read-policy-file.js';
import { runSource } from '../run-source.js';
import { modelDirOf, openStack, workerEnvironment } from '../stack.js';
import {
  configOf,
  environmentOf,
  logOf,
  print,
  repeatable,
  wholeNumber,
  type Terminal,
} from '../terminal.js';

interface Options {
  labels?: string[];
  policy?: string[];
  wait?: true;
  dryRun?: true;
  prune?: true;
  chunk: number;
  suffix?: string[];
  column?: string;
}

export function addRunCommand(program: Command, terminal: Terminal): void {
  program
    .command('run')
    .description('embed and label what is new or changed at a source')
    .argument('<source>', 's3://bucket/prefix, a folder, or a manifest (.txt, .csv, .jsonl)')
    .option('--labels <file>', 'label file to apply; may be repeated', repeatable)
    .option('--policy <file>', 'policy that decides about the images; may be repeated', repeatable)
    .option('--wait', 'wait until the workers have done it (always so without configured services)')
    .option('--dry-run', 'say what would be done, and do nothing')
    .option('--prune', 'retire images that have left the source')
    .option('--chunk <n>', 'images of one job at most', wholeNumber(1, 10_000), 64)
    .option(
      '--suffix <suffix>',
      'keep names that end so, "*" for all (default: those of images); may be repeated',
      repeatable,
    )
    .option('--column <name>', 'column of a manifest that holds the keys (default: key)')
    .action(async (uri: string, options: Options, command: Command) => {
      const config = configOf(command, terminal);
      const source = await openSource(uri, {
        s3: config.s3,
        suffixes: options.suffix,
        ...(options.column && { manifest: { key: options.column } }),
      });
      const labelSets = await Promise.all((options.labels ?? []).map(readLabelFile));
      const policies = await Promise.all((options.policy ?? []).map(readPolicyFile));
      for (const policy of policies) checkAgainst(policy, labelSets);
      // Before anything is started: what is wrong with a model is told at once.
      const bundle = await readBundle(modelDirOf(config), config);
      const stack = await openStack(config);
      try {
        if (options.dryRun) {
          const plan = await dryRun(stack.database, source, bundle.fingerprint);
          print(command, terminal, plan, () => [
            `${plan.listed} listed, ${plan.unchanged} unchanged, ${plan.toEmbed} to embed (${(plan.bytesToFetch / 1e6).toFixed(1)} MB to fetch)`,
          ]);
          return;
        }
        const startedMs = performance.now();
        const run = await runSource({
          stack,
          bundle,
          source,
          labelSets,
          policies,
          log: logOf(config),
          signal: terminal.signal,
          prune: options.prune === true,
          chunkSize: options.chunk,
          until: stack.embedded ? 'work' : options.wait ? 'wait' : 'enqueue',
          workerEnv: workerEnvironment(stack.config, environmentOf(command, terminal.env)),
          progress: createProgress(terminal.stderr, 'images'),
          note: (line) => terminal.stderr.write(`${line}\n`),
        });
        report(command, terminal, run, (performance.now() - startedMs) / 1000);
      } finally {
        await stack.close();
      }
    });
}

function checkAgainst(policy: Policy, labelSets: readonly LabelSet[]): void {
  const labelSet = labelSets.find(({ name }) => name === policy.labelSet);
  if (!labelSet)
    throw new UsageError(
      `Policy ${policy.name} reads label set ${policy.labelSet}: name its file with --labels`,
    );
  checkPolicyLabels(policy, labelSet);
}

function report(command: Command, terminal: Terminal, run: Run, elapsedSeconds: number): void {
  const seconds = Number(elapsedSeconds.toFixed(3));
  const imagesPerSecond = Number((run.embedded / elapsedSeconds).toFixed(1));
  const { id, listed, unchanged, embedded, failed, pending, retired, status } = run;
  const document = {
    run: id,
    status,
    listed,
    unchanged,
    embedded,
    failed,
    pending,
    retired,
    seconds,
    imagesPerSecond,
  };
  print(command, terminal, document, () => [
    `run ${id} ${status}: ${listed} listed, ${unchanged} unchanged, ${embedded} embedded, ${failed} failed` +
      (pending > 0 ? `, ${pending} pending` : '') +
      (retired > 0 ? `, ${retired} retired` : '') +
      ` in ${elapsedSeconds.toFixed(1)} s (${imagesPerSecond} images/s)`,
    ...(failed > 0 ? [`See "tuhai failures ${id}"`] : []),
    ...(terminal.signal.aborted ? ['Interrupted; the same command takes the run up again'] : []),
  ]);
  if (terminal.signal.aborted) terminal.exitCode = 1;
  else if (failed > 0) terminal.exitCode = 3;
}
