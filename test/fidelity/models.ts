import { existsSync } from 'node:fs';
import { join } from 'node:path';
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

export type ModelKind =
  | { random: 'clip' | 'chinese_clip'; size: 'small' | 'real'; tokenizer: string }
  /** A bundle of ours, from which its checkpoint is made again. */
  | { bundle: string }
  /** A bundle without a checkpoint: the reference runs its graphs in Python's onnxruntime. */
  | { graphs: string };

/** Every model there is material for. `data` is the folder of shared test data; it may be missing. */
export function modelsToCompare(data: string): Model[] {
  const golden = join(repositoryRoot, 'test', 'golden');
  const tokenizerOf = (family: string, stand: string): string => {
    const real = join(data, 'tokenizers', family);
    return existsSync(real) ? real : join(golden, stand);
  };
  const openai = tokenizerOf('openai-clip', 'tiny-clip');
  const chinese = tokenizerOf('chinese-clip', 'tiny-chinese-clip');
  const photos = { pictures: 'photos' as const, trained: false };
  const photoModel = join(data, 'photo-model');
  return [
    {
      name: 'small CLIP',
      kind: { random: 'clip', size: 'small', tokenizer: openai },
      picturesMax: Infinity,
      ...photos,
    },
    {
      name: 'small Chinese-CLIP',
      kind: { random: 'chinese_clip', size: 'small', tokenizer: chinese },
      picturesMax: Infinity,
      ...photos,
    },
    {
      name: 'CLIP ViT-B/32',
      kind: { random: 'clip', size: 'real', tokenizer: openai },
      picturesMax: 40,
      ...photos,
    },
    {
      name: 'Chinese-CLIP ViT-B/16',
      kind: { random: 'chinese_clip', size: 'real', tokenizer: chinese },
      picturesMax: 40,
      ...photos,
    },
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
            ...photos,
            name: 'photo model',
            kind: { graphs: photoModel },
            trained: true,
            picturesMax: Infinity,
          },
        ]
      : []),
  ];
}
