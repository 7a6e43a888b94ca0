import { stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { readPreprocessing, type Preprocessing } from '../image/preprocessing.js';
import { UsageError } from '../usage-error.js';
import { deriveLogits } from './derive-logits.js';
import { externalDataFiles } from './external-data.js';
import { families, isFamily, traitsOf, type Family } from './families.js';
import { fingerprintOf, type TokenizerSettings } from './fingerprint.js';
import { chooseVariant, findJointGraph, findVariants, type GraphFiles } from './graph-files.js';
import { readLogits, type Logits } from './logits.js';
import type { Precision, PrecisionChoice } from './precision.js';
import { readJson, type JsonObject } from './read-json.js';

export type { Family } from './families.js';
export type { Precision } from './precision.js';

/** A model folder, read but not loaded. */
export interface Bundle extends Logits {
  /** Absolute. */
  dir: string;
  /** The folder's name, and the variant where it is not fp32: `photo-model`, `photo-model-int8`. */
  name: string;
  family: Family;
  /** Length of an embedding. */
  dimension: number;
  /** Tokens of a text at most, special ones included. */
  contextLength: number;
  preprocessing: Preprocessing;
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
}

/**
 * Reads what a model folder is, and hashes it. Loads no sharp, and onnxruntime only where the logit scale has to be found
 * in a joint graph.
 * @throws {UsageError} that says what the folder lacks
 */
export async function readBundle(dir: string, options: BundleOptions = {}): Promise<Bundle> {
  const folder = resolve(dir);
  if (!(await isFolder(folder))) throw new UsageError(`${folder}: no such model folder`);
  const config = await readJson(join(folder, 'config.json'));
  if (!config) throw new UsageError(`${folder}: no model folder, it has no config.json`);
  const family = readFamily(config, folder);
  const tokenizer = join(folder, 'tokenizer.json');
  if (!(await stat(tokenizer).catch(() => undefined))?.isFile()) {
    throw new UsageError(
      `${folder}: no tokenizer.json. A folder with only vocab.txt needs to be exported first`,
    );
  }
  const variants = await findVariants(folder);
  const graphs = chooseVariant(variants, options.precision ?? 'auto', folder);
  const external = [...new Set([graphs.image, graphs.text].flatMap(externalDataFiles))];
  const parts = {
    family,
    precision: graphs.precision,
    dimension: readDimension(config, folder),
    contextLength: readContextLength(config, family),
    preprocessing: await readPreprocessingOf(folder, family),
    tokenizerSettings: await readTokenizerSettings(folder, family),
  };
  const joint = await findJointGraph(folder);
  const derive = async () => (joint ? deriveLogits(joint, parts.dimension) : undefined);
  const files = { ...graphs, external, tokenizer };
  return {
    dir: folder,
    name: graphs.precision === 'fp32' ? basename(folder) : `${basename(folder)}-${graphs.precision}`,
    ...parts,
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

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() ?? false;
}

function readFamily(config: JsonObject, folder: string): Family {
  const modelType = config['model_type'];
  if (isFamily(modelType)) return modelType;
  throw new UsageError(
    `${folder}: config.json says model_type ${JSON.stringify(modelType)}; known are ${Object.keys(families).join(', ')}`,
  );
}

/** `projection_dim` is 512 where the file leaves it out, as in transformers; SigLIP has no projection. */
function readDimension(config: JsonObject, folder: string): number {
  const vision = config['vision_config'] as JsonObject | undefined;
  const dimension =
    config['projection_dim'] ?? (config['model_type'] === 'siglip' ? (vision?.['hidden_size'] ?? 768) : 512);
  if (Number.isInteger(dimension) && (dimension as number) > 0) return dimension as number;
  throw new UsageError(
    `${folder}: config.json says projection_dim ${JSON.stringify(dimension)}; it must be a whole number`,
  );
}

function readContextLength(config: JsonObject, family: Family): number {
  const text = config['text_config'] as JsonObject | undefined;
  const positions = text?.['max_position_embeddings'];
  const length = traitsOf(family).contextLength;
  if (!Number.isInteger(positions)) return length;
  return family === 'chinese_clip' ? Math.min(length, positions as number) : (positions as number);
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

async function readPreprocessingOf(folder: string, family: Family): Promise<Preprocessing> {
  const own = await readJson(join(folder, 'preprocessor_config.json'));
  const nested = own
    ? undefined
    : (await readJson(join(folder, 'processor_config.json')))?.['image_processor'];
  const config = own ?? (nested as JsonObject | undefined);
  if (!config) throw new UsageError(`${folder}: no preprocessor_config.json`);
  return readPreprocessing(
    config,
    traitsOf(family).preprocessing,
    join(folder, own ? 'preprocessor_config.json' : 'processor_config.json'),
  );
}
