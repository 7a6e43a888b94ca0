import type { KernelEnum } from 'sharp';

/** A filter of Pillow's, as its Resample.c defines it, and the libvips kernel that shrinks alike, where there is one. */
export interface ResampleFilter {
  name: string;
  kernel: keyof KernelEnum | null;
  /** Source pixels on either side that count at scale 1; 0 takes the nearest one alone. */
  support: number;
  weight: (distance: number) => number;
}

/** Pillow's resampling filters by their number in `preprocessor_config.json`. */
export const resamples = {
  0: { name: 'nearest', kernel: null, support: 0, weight: () => 1 },
  1: {
    name: 'lanczos',
    kernel: 'lanczos3',
    support: 3,
    weight: (x) => (x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0),
  },
  2: { name: 'bilinear', kernel: 'linear', support: 1, weight: (x) => Math.max(0, 1 - Math.abs(x)) },
  3: { name: 'bicubic', kernel: 'cubic', support: 2, weight: (x) => cubic(Math.abs(x)) },
  4: { name: 'box', kernel: null, support: 0.5, weight: (x) => (x > -0.5 && x <= 0.5 ? 1 : 0) },
  5: { name: 'hamming', kernel: null, support: 1, weight: (x) => hamming(Math.abs(x)) },
} as const satisfies Record<number, ResampleFilter>;

export type Resample = keyof typeof resamples;

export const isResample = (value: unknown): value is Resample =>
  Number.isInteger(value) && Object.hasOwn(resamples, value as number);

const sinc = (x: number): number => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));

/** Keys' cubic convolution with a = −0.5. */
function cubic(x: number): number {
  const a = -0.5;
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
}

const hamming = (x: number): number => (x >= 1 ? 0 : sinc(x) * (0.54 + 0.46 * Math.cos(Math.PI * x)));
