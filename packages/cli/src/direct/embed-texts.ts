import type { OpenModel } from './open-model.js';

export interface TextEmbedding {
  text: string;
  embedding: Float32Array;
}

/**
 * Embeds texts, in their order.
 * @throws {UsageError} when the text tower cannot be loaded
 */
export async function embedTexts(model: OpenModel, texts: readonly string[]): Promise<TextEmbedding[]> {
  const rows = await (await model.textTower()).embed(texts);
  const { dimension } = model.bundle;
  return texts.map((text, i) => ({ text, embedding: rows.slice(i * dimension, (i + 1) * dimension) }));
}
