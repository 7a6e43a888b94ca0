import type { ItemFailure } from '@tuhai/core/item-failure';
import { probabilitiesOf } from '@tuhai/core/labels/probabilities';
import { cosinesTo } from '@tuhai/core/model/cosines';
import { embedFiles, type EmbedFilesOptions } from './embed-files.js';
import type { OpenModel } from './open-model.js';

/** How one image fits one text. */
export interface TextSimilarity {
  text: string;
  cosine: number;
  /** cosine × logit scale + bias: an entry of transformers' `logits_per_image`. */
  logit: number;
  /** Softmax over the texts; of a SigLIP model, the sigmoid of the logit. */
  probability: number;
}

export type FileSimilarities =
  | { key: string; texts: TextSimilarity[] }
  | { key: string; failure: ItemFailure };

/**
 * Every image against every text, as they are, without templates: one result an image, the texts in their order.
 * @throws {UsageError} when a tower cannot be loaded
 */
export async function* similarity(
  model: OpenModel,
  paths: readonly string[],
  texts: readonly string[],
  options: EmbedFilesOptions,
): AsyncGenerator<FileSimilarities> {
  const { logitScale, logitBias, scoring } = model.bundle;
  const mode = scoring === 'sigmoid' ? 'multi' : 'single';
  const rows = await (await model.textTower()).embed(texts);
  for await (const file of embedFiles(model, paths, options)) {
    if ('failure' in file) {
      yield file;
      continue;
    }
    const cosines = cosinesTo(file.embedding, rows);
    const probabilities = probabilitiesOf(cosines, { mode, logitScale, logitBias, scoring });
    const scored = texts.map((text, i) => {
      const cosine = cosines[i] as number;
      return {
        text,
        cosine,
        logit: cosine * logitScale + logitBias,
        probability: probabilities[i] as number,
      };
    });
    yield { key: file.key, texts: scored };
  }
}
