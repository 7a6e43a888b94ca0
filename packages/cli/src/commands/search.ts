import type { Command } from 'commander';
import { findModel } from '@tuhai/core/store/register-model';
import type { ImageFilter } from '@tuhai/core/store/image-filter';
import { hitsMax, searchImages } from '@tuhai/core/store/search-images';
import { UsageError } from '@tuhai/core/usage-error';
import { embedFiles } from '../direct/embed-files.js';
import { openModel, type OpenModel } from '../direct/open-model.js';
import { modelLine, modelOf } from '../model-line.js';
import { hasData, openStack, type ResolvedConfig } from '../stack.js';
import { configOf, print, wholeNumber, type Terminal } from '../terminal.js';

interface Options {
  image?: string;
  k: number;
  prefix?: string;
  label?: string;
  probability?: number;
  run?: number;
}

export function addSearchCommand(program: Command, terminal: Terminal): void {
  program
    .command('search')
    .description('find stored images by a text, or by an image')
    .argument('[text]', 'what to look for, in Chinese')
    .option('--image <file>', 'an image to look for, instead of a text')
    .option('-k <n>', 'how many', wholeNumber(1, hitsMax), 10)
    .option('--prefix <prefix>', 'only keys that start so')
    .option('--label <label>', 'only images with this label among their predictions')
    .option('--probability <p>', 'of the label, at least', Number)
    .option('--run <id>', 'only images embedded by this run', wholeNumber(1, 2 ** 31 - 1))
    .action(async (text: string | undefined, options: Options, command: Command) => {
      if ((text === undefined) === (options.image === undefined))
        throw new UsageError('Give a text or --image FILE');
      const config = configOf(command, terminal);
      if (!hasData(config))
        throw new UsageError(`Nothing is stored in ${config.home} yet: "tuhai run SOURCE" first`);
      const stack = await openStack(config);
      const opened = await openModel(stack.config.modelDir, config);
      try {
        const { bundle } = opened;
        const model = await findModel(stack.database, bundle.fingerprint);
        if (!model) throw new UsageError(`No image has been embedded with ${modelLine(bundle)} yet`);
        const vector = await queryVector(text, options.image, stack.config, opened);
        const hits = await searchImages(stack.database, model, {
          vector,
          k: options.k,
          filter: filterOf(options),
        });
        terminal.stderr.write(`searching the vectors of ${modelLine(bundle)}\n`);
        print(command, terminal, { model: modelOf(bundle), hits }, () =>
          hits.map(({ key, cosine }) => `${cosine.toFixed(4)}  ${key}`),
        );
      } finally {
        await opened.release();
        await stack.close();
      }
    });
}

const filterOf = ({ prefix, label, probability, run }: Options): ImageFilter => ({
  ...(prefix !== undefined && { prefix }),
  ...(label !== undefined && { label }),
  ...(probability !== undefined && { probabilityMin: probability }),
  ...(run !== undefined && { run }),
});

async function queryVector(
  text: string | undefined,
  image: string | undefined,
  config: ResolvedConfig,
  model: OpenModel,
): Promise<Float32Array> {
  if (text !== undefined) return (await model.textTower()).embed([text]);
  for await (const file of embedFiles(model, [image as string], { limits: config.limits })) {
    if ('embedding' in file) return file.embedding;
    throw new UsageError(`${file.key}: ${file.failure.code}: ${file.failure.message}`);
  }
  throw new Error('embedFiles answers once a file');
}
