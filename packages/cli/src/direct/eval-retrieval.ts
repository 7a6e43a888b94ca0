import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join, parse } from 'node:path';
import { createInterface } from 'node:readline';
import type { ImageLimits } from '@tuhai/core/image/limits';
import type { ItemFailure } from '@tuhai/core/item-failure';
import { ranksOf, retrievalScores, type RetrievalScores } from '@tuhai/core/labels/retrieval-metrics';
import { cosinesTo } from '@tuhai/core/model/cosines';
import { toMatrix } from '@tuhai/core/model/to-matrix';
import { UsageError } from '@tuhai/core/usage-error';
import { embedFiles } from './embed-files.js';
import type { OpenModel } from './open-model.js';

export interface RetrievalReport {
  images: number;
  texts: number;
  textToImage: RetrievalScores;
  imageToText: RetrievalScores;
}

interface Text {
  text: string;
  imageIds: string[];
}

/**
 * Retrieval in both directions over a `*_texts.jsonl` of Chinese-CLIP (a line: `{"text_id", "text", "image_ids"}`) and a
 * folder of images, whose names without suffix are the ids.
 * @param options.onFailure told of images that cannot be embedded; they and their texts' claims to them are left out
 */
export async function evalRetrieval(
  model: OpenModel,
  paths: { texts: string; images: string },
  options: { limits: ImageLimits; onFailure: (key: string, failure: ItemFailure) => void },
): Promise<RetrievalReport> {
  const texts = await readTexts(paths.texts);
  const wanted = new Set(texts.flatMap(({ imageIds }) => imageIds));
  const files = await filesById(paths.images);
  const missing = [...wanted].filter((id) => !files.has(id));
  if (missing.length > 0)
    throw new UsageError(
      `${paths.images} has no image for ${missing.length} of ${wanted.size} ids, ${missing[0]} among them`,
    );
  const ids = [...wanted];
  const rows: Float32Array[] = [];
  const indexOf = new Map<string, number>();
  let at = 0;
  for await (const file of embedFiles(
    model,
    ids.map((id) => files.get(id) as string),
    options,
  )) {
    const id = ids[at++] as string;
    if ('failure' in file) options.onFailure(file.key, file.failure);
    else indexOf.set(id, rows.push(file.embedding) - 1);
  }
  const pairs = texts.map(({ imageIds }) =>
    imageIds.map((id) => indexOf.get(id)).filter((index) => index !== undefined),
  );
  const images = toMatrix(rows);
  const textRows = await (await model.textTower()).embed(texts.map(({ text }) => text));
  const dimension = model.bundle.dimension;
  const textsOf = rows.map((): number[] => []);
  pairs.forEach((indices, text) => indices.forEach((index) => textsOf[index]?.push(text)));
  return {
    images: rows.length,
    texts: texts.length,
    textToImage: retrievalScores(
      pairs.flatMap((indices, i) =>
        indices.length === 0
          ? []
          : [ranksOf(cosinesTo(textRows.subarray(i * dimension, (i + 1) * dimension), images), indices)],
      ),
    ),
    imageToText: retrievalScores(rows.map((row, i) => ranksOf(cosinesTo(row, textRows), textsOf[i] ?? []))),
  };
}

async function readTexts(path: string): Promise<Text[]> {
  const texts: Text[] = [];
  let line = 0;
  const fail = (why: string): never => {
    throw new UsageError(`${path}:${line}: ${why}`);
  };
  try {
    for await (const written of createInterface({ input: createReadStream(path), crlfDelay: Infinity })) {
      line++;
      if (written.trim() === '') continue;
      const { text, image_ids: imageIds } = parseLine(written) ?? fail('no JSON object');
      if (typeof text !== 'string' || !Array.isArray(imageIds)) fail('there must be text and image_ids');
      else if (imageIds.length > 0) texts.push({ text, imageIds: imageIds.map(String) });
    }
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`The texts cannot be read: ${(error as Error).message}`, { cause: error });
  }
  return texts.length > 0 ? texts : fail('no text has image_ids: there is nothing to compare with');
}

function parseLine(line: string): { text?: unknown; image_ids?: unknown } | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

async function filesById(folder: string): Promise<Map<string, string>> {
  const names = await readdir(folder).catch((error: Error) => {
    throw new UsageError(`The images cannot be read: ${error.message}`, { cause: error });
  });
  return new Map(names.map((name) => [parse(name).name, join(folder, name)]));
}
