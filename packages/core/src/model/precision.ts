/** Precisions a bundle may offer, and the endings of their graph files, best first. */
export const precisions = {
  fp32: { suffixes: [''] },
  fp16: { suffixes: ['_fp16'] },
  int8: { suffixes: ['_int8', '_quantized'] },
} as const satisfies Record<string, { suffixes: readonly string[] }>;

export type Precision = keyof typeof precisions;

export const isPrecision = (value: string): value is Precision => Object.hasOwn(precisions, value);
