import { createInterface } from 'node:readline';
import type { Command } from 'commander';
import { configureSharp } from '@tuhai/core/image/configure-sharp';
import { readBundle } from '@tuhai/core/model/bundle';
import { compareVariants, type VariantComparison } from '../direct/compare-variants.js';
import { inspectModel } from '../direct/inspect-model.js';
import { inspectionLines } from '../direct/inspection-lines.js';
import { tokenizeLines } from '../direct/tokenize-lines.js';
import { configOf, print, type Terminal } from '../terminal.js';

export function addModelCommands(program: Command, terminal: Terminal): void {
  const model = program.command('model').description('look at a model bundle');
  model
    .command('inspect')
    .description('what a bundle is, its fingerprint, and a self-check')
    .argument('<dir>')
    .action(async (dir: string, _options: object, command: Command) => {
      const inspection = await inspectModel(dir, configOf(command, terminal));
      print(command, terminal, inspection, () => inspectionLines(inspection));
      if (!inspection.selfCheck.ok) terminal.exitCode = 1;
    });
  model
    .command('compare')
    .description("every variant of a bundle on pictures: its speed, and how far it is from the bundle's best")
    .argument('<dir>')
    .argument('<files...>', 'two pictures or more')
    .action(async (dir: string, files: string[], _options: object, command: Command) => {
      const config = configOf(command, terminal);
      configureSharp();
      // As a worker runs it, so that the times mean something beside other work.
      const onCpu = config.executionProviders[0] === 'cpu';
      const options = { ...config, ...(onCpu && { intraOpThreads: 1 }) };
      const compared = await compareVariants(await readBundle(dir, config), files, options);
      print(command, terminal, compared, () => compared.map(comparisonLine));
    });
  model
    .command('tokenize')
    .description('texts on stdin, one a line, to JSON lines {ids}')
    .argument('<dir>')
    .action(async (dir: string) => {
      for await (const { ids } of tokenizeLines(dir, linesOf(terminal.stdin)))
        terminal.stdout.write(`${JSON.stringify({ ids })}\n`);
    });
}

const comparisonLine = (compared: VariantComparison): string =>
  `${compared.precision}  ${compared.imageMs.toFixed(1)} ms a picture, cosine at least ${compared.cosineMin.toFixed(6)}, ` +
  `on average ${compared.cosineMean.toFixed(6)}; same nearest picture ${(compared.sameNearest * 100).toFixed(1)} %`;

/** Opened when it is first read: an interface that nobody listens to yet loses its lines. */
async function* linesOf(input: NodeJS.ReadStream): AsyncGenerator<string> {
  yield* createInterface({ input, crlfDelay: Infinity });
}
