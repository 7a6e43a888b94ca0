import type { KernelEnum } from 'sharp';

/**
 * Pillow's resampling filters by their number in `preprocessor_config.json`, and the libvips kernel nearest to each.
 * libvips has neither Pillow's box nor its Hamming filter; bilinear is the nearest of about the same support.
 */
export const resamples = {
  0: { name: 'nearest', kernel: 'nearest' },
  1: { name: 'lanczos', kernel: 'lanczos3' },
  2: { name: 'bilinear', kernel: 'linear' },
  3: { name: 'bicubic', kernel: 'cubic' },
  4: { name: 'box', kernel: 'linear' },
  5: { name: 'hamming', kernel: 'linear' },
} as const satisfies Record<number, { name: string; kernel: keyof KernelEnum }>;

export type Resample = keyof typeof resamples;

export const isResample = (value: unknown): value is Resample =>
  Number.isInteger(value) && Object.hasOwn(resamples, value as number);
