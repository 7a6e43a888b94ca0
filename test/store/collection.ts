import { randomUUID } from 'node:crypto';
import type { FailureCode } from '@tuhai/core/item-failure';
import { ItemFailure } from '@tuhai/core/item-failure';
import type { Prediction } from '@tuhai/core/labels/score-labels';
import type { ObjectRef } from '@tuhai/core/outcome';
import { claimChunk, type ClaimedChunk } from '@tuhai/core/store/chunks';
import { commitChunk, type ChunkResults, type EmbeddedObject } from '@tuhai/core/store/commit-chunk';
import type { Database } from '@tuhai/core/store/database';
import { commitPage, endListing, findUnchanged } from '@tuhai/core/store/list-page';
import { registerModel, type StoredModel } from '@tuhai/core/store/register-model';
import { finishRun, openRun } from '@tuhai/core/store/runs';

/** A source and a model that no other test uses. */
export interface Collection {
  database: Database;
  sourceUri: string;
  model: StoredModel;
}

export async function newCollection(database: Database, dimension = 4): Promise<Collection> {
  const fingerprint = randomUUID();
  const model = await registerModel(database, { fingerprint, name: 'test', family: 'clip', dimension });
  return { database, sourceUri: `s3://${fingerprint}/`, model };
}

export const objectOf = (key: string, etag = 'v1'): ObjectRef => ({ key, etag, sizeBytes: 10 });

/** Lists these objects as one page of a new run, and ends the listing. */
export async function listRun(
  { database, sourceUri, model }: Collection,
  objects: ObjectRef[],
  options: { chunkSize?: number; prune?: boolean; labelSetIds?: number[] } = {},
): Promise<{ runId: number; chunkIds: number[] }> {
  const { chunkSize = 100, prune = false, labelSetIds = [] } = options;
  const { id: runId } = await openRun(database, { sourceUri, modelId: model.id, labelSetIds, prune });
  const unchanged = await findUnchanged(database, { sourceUri, modelId: model.id, objects });
  const page = { runId, cursorBefore: null, cursor: '1', objects, unchanged, chunkSize, trackKeys: prune };
  const chunkIds = await commitPage(database, page);
  await endListing(database, runId, prune);
  return { runId, chunkIds: chunkIds ?? [] };
}

export async function claim(database: Database, chunkId: number | undefined): Promise<ClaimedChunk> {
  const chunk = await claimChunk(database, chunkId ?? 0);
  if (!chunk) throw new Error(`chunk ${chunkId} cannot be claimed`);
  return chunk;
}

/** A unit vector that is the key's own, or near `angle` in the plane of the first two axes. */
export function vectorAt(dimension: number, angle: number): Float32Array {
  const vector = new Float32Array(dimension);
  vector[0] = Math.cos(angle);
  vector[1] = Math.sin(angle);
  return vector;
}

export function embeddedObject(
  object: ObjectRef,
  embedding: Float32Array,
  predictions: [labelSetId: number, Prediction[]][] = [],
): EmbeddedObject {
  return { object, width: 30, height: 20, format: 'png', embedding, predictions: new Map(predictions) };
}

export const results = (some: Partial<ChunkResults>): ChunkResults => ({
  embedded: [],
  failed: [],
  remaining: [],
  ...some,
});

export const failedObject = (object: ObjectRef, code: FailureCode): ChunkResults['failed'][number] => ({
  object,
  failure: new ItemFailure(code, `for the test: ${code}`),
});

/** One finished run that embeds each of these objects, all at the same angle or each at its own. */
export async function embedAll(
  collection: Collection,
  objects: ObjectRef[],
  angleOf: (index: number) => number = () => 0,
): Promise<{ runId: number }> {
  const { database, model } = collection;
  const { runId, chunkIds } = await listRun(collection, objects, { chunkSize: Math.max(1, objects.length) });
  for (const chunkId of chunkIds) {
    const chunk = await claim(database, chunkId);
    const embedded = chunk.objects.map((object, i) =>
      embeddedObject(object, vectorAt(model.dimension, angleOf(i))),
    );
    await commitChunk(database, chunk, results({ embedded }));
  }
  await finishRun(database, runId);
  return { runId };
}

/** What is stored of a collection: key, ETag of the embedding, and whether it is retired. */
export async function storedImages({ database, sourceUri, model }: Collection) {
  const { rows } = await database.pool.query<{ key: string; etag: string; angle: number; retired: boolean }>(
    `SELECT i.key, e.etag, i.retired_at IS NOT NULL AS retired,
            round(atan2((e.embedding::real[])[2], (e.embedding::real[])[1])::numeric, 3)::float8 AS angle
     FROM images i JOIN sources s ON s.id = i.source_id LEFT JOIN embeddings e ON e.image_id = i.id AND e.model_id = $2
     WHERE s.uri = $1 ORDER BY i.key`,
    [sourceUri, model.id],
  );
  return rows;
}
