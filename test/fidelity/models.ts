import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Family } from '@tuhai/core/model/families';
import { goldenPath } from '../golden/golden.js';
import { repositoryRoot } from '../rig/find-program.js';

/** A model whose values are compared. */
export interface Model {
  name: string;
  /** Only a trained one is asked how much int8 costs; of random weights it says little. */
  trained: boolean;
  kind: ModelKind;
  pictures: 'photos' | 'samples';
  /** Pictures compared unless all are asked for: real towers are slow. */
  picturesMax: number;
}

type Size = 'small' | 'real';

export type ModelKind =
  | { random: Family; size: Size; tokenizer: string }
  /** A bundle of ours, from which its checkpoint is made again. */
  | { bundle: string }
  /** A bundle without a checkpoint: the reference runs its graphs in Python's onnxruntime. */
  | { graphs: string };

/** The folder of a tokenizer in the test data, and the golden one that stands in where it is missing. */
const tokenizers: Record<Family, readonly [real: string, golden: string]> = {
  clip: ['openai-clip', 'tiny-clip'],
  chinese_clip: ['chinese-clip', 'tiny-chinese-clip'],
  siglip: ['siglip2', 'tiny-siglip'],
};

const randomModels: readonly (readonly [name: string, family: Family, size: Size])[] = [
  ['small CLIP', 'clip', 'small'],
  ['small Chinese-CLIP', 'chinese_clip', 'small'],
  ['small SigLIP 2', 'siglip', 'small'],
  ['CLIP ViT-B/32', 'clip', 'real'],
  ['Chinese-CLIP ViT-B/16', 'chinese_clip', 'real'],
  ['SigLIP 2 ViT-B/16', 'siglip', 'real'],
];

const picturesMax: Record<Size, number> = { small: Infinity, real: 40 };

/** Every model there is material for. `data` is the folder of shared test data; it may be missing. */
export function modelsToCompare(data: string): Model[] {
  const tokenizerOf = (family: Family): string => {
    const [real, golden] = tokenizers[family];
    const folder = join(data, 'tokenizers', real);
    return existsSync(folder) ? folder : goldenPath(golden);
  };
  const photoModel = join(data, 'photo-model');
  return [
    ...randomModels.map(([name, family, size]): Model => ({
      name,
      kind: { random: family, size, tokenizer: tokenizerOf(family) },
      pictures: 'photos',
      trained: false,
      picturesMax: picturesMax[size],
    })),
    {
      name: 'demo model',
      kind: { bundle: join(repositoryRoot, 'models', 'demo') },
      pictures: 'samples',
      trained: true,
      picturesMax: Infinity,
    },
    ...(existsSync(photoModel)
      ? [
          {
            name: 'photo model',
            kind: { graphs: photoModel },
            pictures: 'photos' as const,
            trained: true,
            picturesMax: Infinity,
          },
        ]
      : []),
  ];
}
