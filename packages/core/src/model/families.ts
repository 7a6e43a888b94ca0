import type { PreprocessingDefaults } from '../image/preprocessing.js';

/** A kind of dual-encoder model, by its `model_type` in `config.json`. */
export interface FamilyTraits {
  /** Tokens a text is cut to, special ones included, where `max_position_embeddings` does not say less. */
  contextLength: number;
  /** SigLIP was trained on texts padded to the full length and attends to the padding. */
  padsToContext: boolean;
  scoring: 'softmax' | 'sigmoid';
  /** The multiplier of a cosine where the bundle records none: what the published models were trained to. */
  logitScale: number;
  logitBias: number;
  /** Special tokens that a user writes out are text to the reference tokenizer of Chinese-CLIP, and control to CLIP's. */
  spelledSpecialTokensAreText: boolean;
  preprocessing: PreprocessingDefaults;
  /** Names of the embeddings among a graph's outputs, best first. */
  imageOutputs: readonly string[];
  textOutputs: readonly string[];
}

const clipMean = [0.48145466, 0.4578275, 0.40821073] as const;
const clipStd = [0.26862954, 0.26130258, 0.27577711] as const;
const clipPreprocessing: PreprocessingDefaults = {
  size: { shortest_edge: 224 },
  doCenterCrop: true,
  mean: clipMean,
  std: clipStd,
  bareSizeIsSquare: false,
};

export const families = {
  clip: {
    contextLength: 77,
    padsToContext: false,
    scoring: 'softmax',
    logitScale: 100,
    logitBias: 0,
    spelledSpecialTokensAreText: false,
    preprocessing: clipPreprocessing,
    imageOutputs: ['image_embeds'],
    textOutputs: ['text_embeds'],
  },
  chinese_clip: {
    contextLength: 52,
    padsToContext: false,
    scoring: 'softmax',
    logitScale: 100,
    logitBias: 0,
    spelledSpecialTokensAreText: true,
    preprocessing: clipPreprocessing,
    imageOutputs: ['image_embeds'],
    textOutputs: ['text_embeds'],
  },
  siglip: {
    contextLength: 64,
    padsToContext: true,
    scoring: 'sigmoid',
    logitScale: 117.33,
    logitBias: -12.93,
    spelledSpecialTokensAreText: false,
    preprocessing: {
      size: { width: 224, height: 224 },
      doCenterCrop: false,
      mean: [0.5, 0.5, 0.5],
      std: [0.5, 0.5, 0.5],
      bareSizeIsSquare: true,
    },
    imageOutputs: ['image_embeds', 'pooler_output'],
    textOutputs: ['text_embeds', 'pooler_output'],
  },
} as const satisfies Record<string, FamilyTraits>;

export type Family = keyof typeof families;

export const traitsOf = (family: Family): FamilyTraits => families[family];

export const isFamily = (modelType: unknown): modelType is Family =>
  typeof modelType === 'string' && Object.hasOwn(families, modelType);
