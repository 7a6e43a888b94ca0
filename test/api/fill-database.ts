import { decodeImage } from '@tuhai/core/image/decode-image';
import { defaultImageLimits } from '@tuhai/core/image/limits';
import { toItemFailure } from '@tuhai/core/item-failure';
import { embedLabels } from '@tuhai/core/labels/embed-labels';
import { parseLabelSet } from '@tuhai/core/labels/label-set';
import { openLabelScorer, type LabelScorer } from '@tuhai/core/labels/score-labels';
import type { Bundle } from '@tuhai/core/model/bundle';
import type { ImageTower } from '@tuhai/core/model/image-tower';
import type { TextTower } from '@tuhai/core/model/text-tower';
import { openSource } from '@tuhai/core/source/open-source';
import type { ObjectRef } from '@tuhai/core/outcome';
import type { Source } from '@tuhai/core/source/source';
import { claimChunk } from '@tuhai/core/store/chunks';
import { commitChunk, type ChunkResults } from '@tuhai/core/store/commit-chunk';
import type { Database } from '@tuhai/core/store/database';
import { registerLabelSet } from '@tuhai/core/store/label-sets';
import { commitPage, endListing } from '@tuhai/core/store/list-page';
import { registerModel } from '@tuhai/core/store/register-model';
import { finishRun, openRun } from '@tuhai/core/store/runs';

export interface Model {
  bundle: Bundle;
  image: ImageTower;
  text: TextTower;
}

export const labelSet = parseLabelSet(
  'name: 颜色\nmode: single\ntemplates: ["一张{}的照片"]\nlabels: [红色, 蓝色, 绿色]\n',
  'colours.yaml',
);

/**
 * What producer and worker make of a folder, in one process and one chunk, with the store's own functions.
 * @returns the run, the source's uri, and each embedding `[D]` by key
 */
export async function fillDatabase(
  database: Database,
  model: Model,
  folder: string,
): Promise<{ runId: number; sourceUri: string; embeddings: Map<string, Float32Array> }> {
  const stored = await registerModel(database, model.bundle);
  const labelSetId = await registerLabelSet(database, labelSet);
  const labels = await embedLabels(labelSet, model.text);
  const scorer = await openLabelScorer({ labelSet, labels, model: model.bundle });
  const source = await openSource(folder, { s3: {} });
  const wanted = { sourceUri: source.uri, modelId: stored.id, labelSetIds: [labelSetId], prune: false };
  const { id: runId } = await openRun(database, wanted);
  const chunkIds = await listAll(database, source, runId);
  const embeddings = new Map<string, Float32Array>();
  for (const chunkId of chunkIds) {
    const chunk = await claimChunk(database, chunkId);
    if (!chunk) throw new Error(`chunk ${chunkId} is taken`);
    const results: ChunkResults = { embedded: [], failed: [], remaining: [] };
    for (const object of chunk.objects)
      await embedOne(object, { source, model, scorer, labelSetId, results });
    for (const { object, embedding } of results.embedded) embeddings.set(object.key, embedding);
    await commitChunk(database, chunk, results);
  }
  await scorer.release();
  await finishRun(database, runId);
  return { runId, sourceUri: source.uri, embeddings };
}

async function listAll(database: Database, source: Source, runId: number): Promise<number[]> {
  const chunkIds: number[] = [];
  let cursorBefore: string | null = null;
  for await (const { objects, cursor } of source.list()) {
    const page = {
      runId,
      cursorBefore,
      cursor,
      objects,
      unchanged: new Set<string>(),
      chunkSize: 100,
      trackKeys: false,
    };
    chunkIds.push(...((await commitPage(database, page)) ?? []));
    cursorBefore = cursor;
  }
  await endListing(database, runId, false);
  return chunkIds;
}

async function embedOne(
  object: ObjectRef,
  to: { source: Source; model: Model; scorer: LabelScorer; labelSetId: number; results: ChunkResults },
): Promise<void> {
  const { bundle, image } = to.model;
  try {
    const { bytes, etag } = await to.source.fetch(object.key, { bytesMax: 1e7, timeoutMs: 10_000 });
    const { pixels, ...decoded } = await decodeImage(bytes, bundle.preprocessing, defaultImageLimits);
    const embedding = await image.embed([pixels]);
    const [predictions = []] = await to.scorer.score(embedding);
    const byLabelSet = new Map([[to.labelSetId, predictions]]);
    to.results.embedded.push({ object: { ...object, etag }, ...decoded, embedding, predictions: byLabelSet });
  } catch (error) {
    to.results.failed.push({ object, failure: toItemFailure(error) });
  }
}
