import { basename, join, resolve } from 'node:path';
import {
  ignoredFields,
  readPreprocessing,
  type Preprocessing,
  type PreprocessingMode,
} from '../image/preprocessing.js';
import { deriveLogits } from './derive-logits.js';
import { externalDataFiles } from './external-data.js';
import { traitsOf, type Family } from './families.js';
import { fingerprintOf, type TokenizerSettings } from './fingerprint.js';
import { UsageError } from '../usage-error.js';
import { chooseVariant, findJointGraph, findVariants, type GraphFiles } from './graph-files.js';
import { readLogits, type Logits } from './logits.js';
import { requireParts } from './required-parts.js';
import type { Precision, PrecisionChoice } from './precision.js';
import { readContextLength, readDimension, readFamily } from './model-config.js';
import { readJson, type JsonObject } from './read-json.js';

export type { Family } from './families.js';
export type { Precision } from './precision.js';

/** A model folder, read but not loaded. */
export interface Bundle extends Logits {
  /** Absolute. */
  dir: string;
  /** The folder's name, and what is not as usual: `photo-model`, `photo-model-int8-fast`. */
  name: string;
  family: Family;
  /** Length of an embedding. */
  dimension: number;
  /** Tokens of a text at most, special ones included. */
  contextLength: number;
  preprocessing: Preprocessing;
  /** Fields of preprocessor_config.json that nothing is made of. */
  ignoredPreprocessing: readonly string[];
  tokenizerSettings: TokenizerSettings;
  scoring: 'softmax' | 'sigmoid';
  precision: Precision;
  /** Precisions that the folder offers. */
  variants: readonly Precision[];
  /** Hex sha256 of everything that decides an embedding. */
  fingerprint: string;
  files: BundleFiles;
}

/** Absolute paths. */
export interface BundleFiles extends GraphFiles {
  /** Weights kept outside the graphs. */
  external: string[];
  tokenizer: string;
}

export interface BundleOptions {
  /** Default `auto`. */
  precision?: PrecisionChoice;
  /** Default `exact`. */
  preprocessing?: PreprocessingMode;
}

/**
 * Reads what a model folder is, and hashes it. Loads no sharp, and onnxruntime only where the logit scale has to be found
 * in a joint graph.
 * @throws {UsageError} that says what the folder lacks
 */
export async function readBundle(dir: string, options: BundleOptions = {}): Promise<Bundle> {
  const folder = resolve(dir);
  await requireParts(folder);
  const config = (await readJson(join(folder, 'config.json'))) ?? {};
  const family = readFamily(config, folder);
  const tokenizer = join(folder, 'tokenizer.json');
  const variants = await findVariants(folder);
  const graphs = chooseVariant(variants, options.precision ?? 'auto', folder);
  const external = [...new Set([graphs.image, graphs.text].flatMap(externalDataFiles))];
  const { preprocessing, ignoredPreprocessing } = await readPreprocessingOf(folder, family);
  const isFast = options.preprocessing === 'fast';
  const parts = {
    family,
    precision: graphs.precision,
    dimension: readDimension(config, folder),
    contextLength: readContextLength(config, family),
    preprocessing: { ...preprocessing, ...(isFast && { shrinkOnLoad: true as const }) },
    tokenizerSettings: await readTokenizerSettings(folder, family),
  };
  const joint = await findJointGraph(folder);
  const derive = async () => (joint ? deriveLogits(joint, parts.dimension) : undefined);
  const files = { ...graphs, external, tokenizer };
  return {
    dir: folder,
    name: [
      basename(folder),
      ...(graphs.precision === 'fp32' ? [] : [graphs.precision]),
      ...(isFast ? ['fast'] : []),
    ].join('-'),
    ...parts,
    ignoredPreprocessing,
    ...(await readLogits(family, {
      config,
      manifest: await readJson(join(folder, 'manifest.json')),
      derive,
    })),
    scoring: traitsOf(family).scoring,
    fingerprint: await fingerprintOf({
      ...parts,
      files: [...new Set([graphs.image, graphs.text, ...external, tokenizer])],
    }),
    variants: variants.map(({ precision }) => precision),
    files,
  };
}

/** Of tokenizer_config.json what decides a text's embedding beside tokenizer.json. */
async function readTokenizerSettings(folder: string, family: Family): Promise<TokenizerSettings> {
  const config = (await readJson(join(folder, 'tokenizer_config.json'))) ?? {};
  return {
    class: family === 'siglip' ? (config['tokenizer_class'] ?? null) : null,
    padToken: config['pad_token'] ?? null,
    padSide: config['padding_side'] ?? null,
  };
}

async function readPreprocessingOf(
  folder: string,
  family: Family,
): Promise<{ preprocessing: Preprocessing; ignoredPreprocessing: string[] }> {
  const own = await readJson(join(folder, 'preprocessor_config.json'));
  const nested = own
    ? undefined
    : (await readJson(join(folder, 'processor_config.json')))?.['image_processor'];
  const config = own ?? (nested as JsonObject | undefined);
  const path = join(folder, own ? 'preprocessor_config.json' : 'processor_config.json');
  if (!config) throw new UsageError(`${path}: no image_processor in it, and no preprocessor_config.json`);
  const preprocessing = readPreprocessing(config, traitsOf(family).preprocessing, path);
  return { preprocessing, ignoredPreprocessing: ignoredFields(config) };
}
