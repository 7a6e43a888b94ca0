import type { Command } from 'commander';
import { configureSharp } from '@tuhai/core/image/configure-sharp';
import type { ItemFailure } from '@tuhai/core/item-failure';
import { UsageError } from '@tuhai/core/usage-error';
import { classifyFiles } from '../direct/classify-files.js';
import { embedFiles } from '../direct/embed-files.js';
import { embedTexts } from '../direct/embed-texts.js';
import { openModel, type OpenModel } from '../direct/open-model.js';
import { similarity, type FileSimilarities } from '../direct/similarity.js';
import { readLabelFile } from '../read-label-file.js';
import { modelDirOf } from '../stack.js';
import { configOf, print, repeatable, wantsJson, type Terminal } from '../terminal.js';

/** What needs a model, and neither queue nor database. */
export function addDirectCommands(program: Command, terminal: Terminal): void {
  program
    .command('embed')
    .description('embed files or texts: JSON lines {key|text, embedding} on stdout')
    .argument('[files...]')
    .option('--text <text>', 'embed a text; may be repeated', repeatable)
    .action((files: string[], { text = [] }: { text?: string[] }, command: Command) =>
      withModel(command, terminal, async (model, limits) => {
        if (files.length + text.length === 0) throw new UsageError('Give image files, or --text TEXT');
        for await (const file of embedFiles(model, files, { limits })) {
          if ('failure' in file) sayFailure(terminal, file.key, file.failure);
          else printLine(terminal, { key: file.key, embedding: [...file.embedding] });
        }
        for (const { text: of, embedding } of await embedTexts(model, text)) {
          printLine(terminal, { text: of, embedding: [...embedding] });
        }
      }),
    );
  program
    .command('classify')
    .description('score image files against a label set')
    .argument('<files...>')
    .requiredOption('--labels <file>', 'label file')
    .action((files: string[], { labels }: { labels: string }, command: Command) =>
      withModel(command, terminal, async (model, limits) => {
        const labelSet = await readLabelFile(labels);
        const results = [];
        for await (const result of classifyFiles(model, files, labelSet, { limits })) {
          if ('failure' in result) {
            results.push(sayFailure(terminal, result.key, result.failure));
          } else if (wantsJson(command)) {
            results.push(result);
          } else {
            const best = result.predictions.map(
              (p) => `${p.label} ${p.probability.toFixed(4)} (${p.cosine.toFixed(4)})${p.passed ? '' : ' ✗'}`,
            );
            terminal.stdout.write(
              `${result.key}  ${result.answers.join('、') || '-'}:  ${best.join('  ')}\n`,
            );
          }
        }
        print(command, terminal, results, () => []);
      }),
    );
  program
    .command('similarity')
    .description('cosines and probabilities of images against texts')
    .option('--image <file>', 'may be repeated', repeatable)
    .option('--text <text>', 'may be repeated', repeatable)
    .action(({ image = [], text = [] }: { image?: string[]; text?: string[] }, command: Command) =>
      withModel(command, terminal, async (model, limits) => {
        if (image.length === 0 || text.length === 0)
          throw new UsageError('Give at least one --image and one --text');
        const results: (object | FileSimilarities)[] = [];
        for await (const result of similarity(model, image, text, { limits })) {
          if ('failure' in result) results.push(sayFailure(terminal, result.key, result.failure));
          else results.push(result);
        }
        print(command, terminal, results, () =>
          results.flatMap((result) =>
            'texts' in result
              ? result.texts.map(
                  (t) => `${result.key}  ${t.text}  ${t.probability.toFixed(4)} (${t.cosine.toFixed(4)})`,
                )
              : [],
          ),
        );
      }),
    );
}

async function withModel(
  command: Command,
  terminal: Terminal,
  work: (model: OpenModel, limits: ReturnType<typeof configOf>['limits']) => Promise<void>,
): Promise<void> {
  const config = configOf(command, terminal);
  configureSharp();
  const model = await openModel(modelDirOf(config), config);
  try {
    await work(model, config.limits);
  } finally {
    await model.release();
  }
}

const printLine = (terminal: Terminal, document: object): unknown =>
  terminal.stdout.write(`${JSON.stringify(document)}\n`);

/** On stderr, and as the document says it. */
function sayFailure(terminal: Terminal, key: string, { code, message }: ItemFailure): object {
  terminal.stderr.write(`${key}: ${code}: ${message}\n`);
  terminal.exitCode = 3;
  return { key, error: { code, message } };
}
