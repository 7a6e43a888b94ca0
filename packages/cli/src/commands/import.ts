import { createReadStream } from 'node:fs';
import { access } from 'node:fs/promises';
import type { ImportedReview, ImportProblem } from '@tuhai/core/import/imported-review';
import { readCsvReviews } from '@tuhai/core/import/read-csv';
import { readLabelStudioReviews } from '@tuhai/core/import/read-label-studio';
import { chooseLabelSet } from '@tuhai/core/store/choose-label-set';
import { importReviews } from '@tuhai/core/store/import-reviews';
import { UsageError } from '@tuhai/core/usage-error';
import { Option, type Command } from 'commander';
import { configOf, print, type Terminal } from '../terminal.js';
import { withStoredModel } from '../with-stored-model.js';

type Reader = (file: string) => AsyncIterable<ImportedReview | ImportProblem>;

const readers = {
  csv: (file) => readCsvReviews(createReadStream(file)),
  'label-studio': (file) => readLabelStudioReviews(createReadStream(file, 'utf8')),
} as const satisfies Record<string, Reader>;

interface Options {
  format: keyof typeof readers;
  labels?: string;
  reviewer: string;
}

/** Said one by one on stderr; the rest is counted. */
const problemsShown = 20;

export function addImportCommand(program: Command, terminal: Terminal): void {
  program
    .command('import')
    .description('take in what people say that images show: the truth, for thresholds and calibration')
    .argument('<file>', 'a CSV with the columns key and truth, or an export of Label Studio')
    .addOption(
      new Option('--format <format>', 'of the file').choices(Object.keys(readers)).makeOptionMandatory(),
    )
    .option('--labels <name>', 'label set that the labels are of; needed where there are several')
    .option('--reviewer <name>', 'who said so, where the file does not', 'import')
    .action(async (file: string, options: Options, command: Command) => {
      await access(file).catch((error: Error) => {
        throw new UsageError(`The file cannot be read: ${error.message}`, { cause: error });
      });
      await withStoredModel(configOf(command, terminal), async ({ database, model }) => {
        const chosen = await chooseLabelSet(database, { modelId: model.id, name: options.labels });
        if (!chosen) throw new UsageError('No label set has been applied yet');
        const problems: ImportProblem[] = [];
        let failed = 0;
        const onProblem = (problem: ImportProblem) => {
          if (failed++ < problemsShown) problems.push(problem);
        };
        const { labelSet } = chosen;
        const reviewer = options.reviewer;
        const result = await importReviews(database, readers[options.format](file), {
          labelSet,
          reviewer,
          onProblem,
        });
        for (const { line, message } of problems) terminal.stderr.write(`${file}:${line}: ${message}\n`);
        if (failed > problems.length) terminal.stderr.write(`… and ${failed - problems.length} more\n`);
        print(command, terminal, { ...result, failed, problems }, () => [
          `${result.imported} reviews imported, ${result.unchanged} unchanged, ${failed} lines failed`,
        ]);
        if (failed > 0) terminal.exitCode = 3;
      });
    });
}
