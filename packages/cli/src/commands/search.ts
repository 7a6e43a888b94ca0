import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { decodeImage } from '@tuhai/core/image/decode-image';
import { readBundle, type Bundle } from '@tuhai/core/model/bundle';
import { loadImageTower } from '@tuhai/core/model/image-tower';
import { loadTextTower } from '@tuhai/core/model/text-tower';
import { findModel } from '@tuhai/core/store/register-model';
import { hitsMax, searchImages, type SearchFilter } from '@tuhai/core/store/search-images';
import { UsageError } from '@tuhai/core/usage-error';
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
      if ((text === undefined) === (options.image === undefined)) throw new UsageError('Give a text or --image FILE');
      const config = configOf(command, terminal);
      if (!hasData(config)) throw new UsageError(`Nothing is stored in ${config.home} yet: "tuhai run SOURCE" first`);
      const stack = await openStack(config);
      try {
        const bundle = await readBundle(stack.config.modelDir);
        const model = await findModel(stack.database, bundle.fingerprint);
        if (!model) throw new UsageError(`No image has been embedded with ${bundle.name} (${bundle.fingerprint.slice(0, 12)}) yet`);
        const vector = text === undefined ? await imageVector(bundle, options.image as string, stack.config) : await textVector(bundle, text, stack.config);
        const hits = await searchImages(stack.database, model, { vector, k: options.k, filter: filterOf(options) });
        const { name, fingerprint } = model;
        print(command, terminal, { model: { name, fingerprint }, hits }, () =>
          hits.map(({ key, cosine }) => `${cosine.toFixed(4)}  ${key}`),
        );
      } finally {
        await stack.close();
      }
    });
}

const filterOf = ({ prefix, label, probability, run }: Options): SearchFilter => ({
  ...(prefix !== undefined && { prefix }),
  ...(label !== undefined && { label }),
  ...(probability !== undefined && { probabilityMin: probability }),
  ...(run !== undefined && { run }),
});

async function textVector(bundle: Bundle, text: string, { executionProviders }: ResolvedConfig): Promise<Float32Array> {
  const tower = await loadTextTower(bundle, { executionProviders });
  try {
    return await tower.embed([text]);
  } finally {
    await tower.release();
  }
}

async function imageVector(
  bundle: Bundle,
  file: string,
  { executionProviders, limits }: ResolvedConfig,
): Promise<Float32Array> {
  const { pixels } = await decodeImage(await readFile(file), bundle.preprocessing, limits);
  const tower = await loadImageTower(bundle, { executionProviders });
  try {
    return await tower.embed([pixels]);
  } finally {
    await tower.release();
  }
}
