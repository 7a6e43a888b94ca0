import { UsageError } from '../usage-error.js';
import { families, isFamily, traitsOf, type Family } from './families.js';
import type { JsonObject } from './read-json.js';

/** @throws {UsageError} for a model_type that is not supported */
export function readFamily(config: JsonObject, folder: string): Family {
  const modelType = config['model_type'];
  if (isFamily(modelType)) return modelType;
  throw new UsageError(
    `${folder}: config.json says model_type ${JSON.stringify(modelType)}; known are ${Object.keys(families).join(', ')}`,
  );
}

/** `projection_dim` is 512 where the file leaves it out, as in transformers; SigLIP has no projection. */
export function readDimension(config: JsonObject, folder: string): number {
  const vision = config['vision_config'] as JsonObject | undefined;
  const dimension =
    config['projection_dim'] ?? (config['model_type'] === 'siglip' ? (vision?.['hidden_size'] ?? 768) : 512);
  if (Number.isInteger(dimension) && (dimension as number) > 0) return dimension as number;
  throw new UsageError(
    `${folder}: config.json says projection_dim ${JSON.stringify(dimension)}; it must be a whole number`,
  );
}

/** Tokens of a text at most: what the tower has positions for, or what its family was trained with. */
export function readContextLength(config: JsonObject, family: Family): number {
  const text = config['text_config'] as JsonObject | undefined;
  const positions = text?.['max_position_embeddings'];
  const length = traitsOf(family).contextLength;
  if (!Number.isInteger(positions)) return length;
  return family === 'chinese_clip' ? Math.min(length, positions as number) : (positions as number);
}
