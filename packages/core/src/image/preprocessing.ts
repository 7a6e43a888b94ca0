import { UsageError } from '../usage-error.js';
import { isResample, type Resample } from './resample.js';

export interface Size {
  width: number;
  height: number;
}

/** How a picture becomes the image tower's input, as the bundle's `preprocessor_config.json` says. */
export interface Preprocessing {
  /**
   * `exact` squashes to the size; `shortest_edge` keeps the aspect, and is less where the longer edge would exceed
   * `longestMax`; null leaves the picture as it is.
   */
  resize: ({ kind: 'exact' } & Size) | { kind: 'shortest_edge'; edge: number; longestMax?: number } | null;
  resample: Resample;
  /** The mode `fast`: large JPEGs and WebPs are shrunk while they are decoded. Absent, and never false, in `exact`. */
  shrinkOnLoad?: true;
  /** Cut from the centre, with black where the picture is smaller. */
  centerCrop: Size | null;
  /** Multiplies the 0–255 values; 1 where `do_rescale` is off. */
  rescaleFactor: number;
  /** Per channel; 0 and 1 where `do_normalize` is off. */
  mean: readonly [number, number, number];
  std: readonly [number, number, number];
  /** Size of every picture after resize and crop. */
  output: Size;
}

/** `exact`: the reference's pixels as nearly as libvips gives them. */
export const preprocessingModes = ['exact', 'fast'] as const;

export type PreprocessingMode = (typeof preprocessingModes)[number];

/** What a family's image processor takes for granted where the file is silent. */
export interface PreprocessingDefaults {
  size: unknown;
  doCenterCrop: boolean;
  mean: readonly [number, number, number];
  std: readonly [number, number, number];
  /** Whether a bare number as `size` is a square (SigLIP) or the shortest edge (CLIP). */
  bareSizeIsSquare: boolean;
}

/** Fields that say nothing about pixels, or what is done anyway. */
const idleFields: Readonly<Record<string, (value: unknown) => boolean>> = {
  image_processor_type: () => true,
  feature_extractor_type: () => true,
  processor_class: () => true,
  do_convert_rgb: (value) => value !== false,
  do_pad: () => true,
  pad_size: () => true,
};

const usedFields = new Set([
  'size',
  'resample',
  'crop_size',
  'rescale_factor',
  'image_mean',
  'image_std',
  'do_resize',
  'do_center_crop',
  'do_rescale',
  'do_normalize',
]);

/** Fields of a `preprocessor_config.json` that `readPreprocessing` takes no notice of, though they might mean something. */
export const ignoredFields = (config: Json): string[] =>
  Object.entries(config)
    .filter(([name, value]) => value !== null && !usedFields.has(name) && !idleFields[name]?.(value))
    .map(([name]) => name);

type Json = Readonly<Record<string, unknown>>;

/**
 * Reads Hugging Face's `preprocessor_config.json`.
 * @throws {UsageError} naming the field that cannot be used
 */
export function readPreprocessing(
  config: Json,
  defaults: PreprocessingDefaults,
  fileName: string,
): Preprocessing {
  const fail = (what: string): never => {
    throw new UsageError(`${fileName}: ${what}`);
  };
  const resample = config['resample'] ?? 3;
  if (!isResample(resample))
    fail(`resample is ${JSON.stringify(resample)}; it must be 0 to 5, as Pillow numbers them`);
  const resize = flag(config, 'do_resize', true, fail)
    ? readSize(config['size'] ?? defaults.size, defaults.bareSizeIsSquare, 'size', fail)
    : null;
  const crop = flag(config, 'do_center_crop', defaults.doCenterCrop, fail)
    ? readSize(config['crop_size'] ?? { width: 224, height: 224 }, true, 'crop_size', fail)
    : null;
  if (crop && crop.kind !== 'exact') return fail('crop_size must have width and height');
  const normalize = flag(config, 'do_normalize', true, fail);
  if (flag(config, 'do_pad', false, fail) && config['pad_size'])
    return fail('do_pad with a pad_size is not supported');
  const output = crop ?? resize;
  if (output?.kind !== 'exact') {
    return fail(
      'pictures would come out in different sizes: it needs a size with width and height, or do_center_crop',
    );
  }
  return {
    resize,
    resample: resample as Resample,
    centerCrop: crop && { width: crop.width, height: crop.height },
    rescaleFactor: flag(config, 'do_rescale', true, fail)
      ? number(config['rescale_factor'] ?? 1 / 255, 'rescale_factor', fail)
      : 1,
    mean: normalize ? triple(config['image_mean'] ?? defaults.mean, 'image_mean', fail) : [0, 0, 0],
    std: normalize ? triple(config['image_std'] ?? defaults.std, 'image_std', fail) : [1, 1, 1],
    output: { width: output.width, height: output.height },
  };
}

type Fail = (what: string) => never;

function readSize(
  value: unknown,
  bareIsSquare: boolean,
  name: string,
  fail: Fail,
): NonNullable<Preprocessing['resize']> {
  if (isPositive(value)) {
    return bareIsSquare
      ? { kind: 'exact', width: value, height: value }
      : { kind: 'shortest_edge', edge: value };
  }
  const { width, height, shortest_edge: edge, longest_edge: longest } = (value ?? {}) as Json;
  if (isPositive(width) && isPositive(height)) return { kind: 'exact', width, height };
  if (isPositive(edge) && isPositive(longest)) return { kind: 'shortest_edge', edge, longestMax: longest };
  if (isPositive(edge) && (longest ?? null) === null) return { kind: 'shortest_edge', edge };
  return fail(
    `${name} is ${JSON.stringify(value)}; it must be {"height", "width"} or {"shortest_edge"}, perhaps with "longest_edge"`,
  );
}

const isPositive = (value: unknown): value is number => Number.isInteger(value) && (value as number) > 0;

function flag(config: Json, name: string, absent: boolean, fail: Fail): boolean {
  const value = config[name] ?? absent;
  return typeof value === 'boolean'
    ? value
    : fail(`${name} is ${JSON.stringify(value)}; it must be true or false`);
}

function number(value: unknown, name: string, fail: Fail): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : fail(`${name} must be a number`);
}

function triple(value: unknown, name: string, fail: Fail): [number, number, number] {
  if (!Array.isArray(value) || value.length !== 3) return fail(`${name} must hold three numbers`);
  const [red, green, blue] = value.map((channel) => number(channel, name, fail));
  return [red as number, green as number, blue as number];
}
