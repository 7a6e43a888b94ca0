import type { Command } from 'commander';
import { findDuplicates, thresholdDefault, type DuplicateGroup } from '@tuhai/core/store/find-duplicates';
import { UsageError } from '@tuhai/core/usage-error';
import { configOf, print, wholeNumber, type Terminal } from '../terminal.js';
import { withStoredModel } from '../with-stored-model.js';

interface Options {
  threshold: number;
  prefix?: string;
  run?: number;
}

/** Of images, examined at a time. */
const pageSize = 200;

export function addDuplicatesCommand(program: Command, terminal: Terminal): void {
  program
    .command('duplicates')
    .description('find stored images that are copies, or nearly so, of one another')
    .option('--threshold <cosine>', 'least cosine of two of them', cosine, thresholdDefault)
    .option('--prefix <prefix>', 'only keys that start so')
    .option('--run <id>', 'only images embedded by this run', wholeNumber(1, 2 ** 31 - 1))
    .action(({ threshold, ...filter }: Options, command: Command) =>
      withStoredModel(configOf(command, terminal), async ({ database, model }) => {
        const groups: DuplicateGroup[] = [];
        let examined = 0;
        for (let afterId: number | undefined = 0; afterId !== undefined && !terminal.signal.aborted;) {
          const page = await findDuplicates(database, model, { filter, threshold, limit: pageSize, afterId });
          groups.push(...page.groups);
          examined += page.examined;
          afterId = page.lastId;
        }
        const { name, fingerprint } = model;
        print(command, terminal, { model: { name, fingerprint }, threshold, examined, groups }, () => [
          groups
            .map(({ images }) => images.map((image) => `${image.cosine.toFixed(4)}  ${image.key}`).join('\n'))
            .join('\n\n'),
        ]);
        terminal.stderr.write(`${groups.length} groups among ${examined} images\n`);
      }),
    );
}

function cosine(text: string): number {
  const value = Number(text);
  if (value >= 0.5 && value <= 1) return value;
  throw new UsageError(`"${text}" must be a cosine from 0.5 to 1`);
}
