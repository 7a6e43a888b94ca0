/** Precisions a bundle may offer, and the endings of their graph files as transformers.js writes them, best first. */
export const precisions = {
  fp32: { suffixes: [''] },
  fp16: { suffixes: ['_fp16'] },
  int8: { suffixes: ['_int8', '_quantized', '_uint8'] },
} as const satisfies Record<string, { suffixes: readonly string[] }>;

export type Precision = keyof typeof precisions;

/** `auto` is the first there is of fp32, fp16 and int8: the faithful one, unless another is asked for. */
export const precisionChoices = ['auto', 'fp32', 'fp16', 'int8'] as const satisfies ('auto' | Precision)[];

export type PrecisionChoice = (typeof precisionChoices)[number];
