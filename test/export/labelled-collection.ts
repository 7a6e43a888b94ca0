import { randomUUID } from 'node:crypto';
import { parseLabelSet, type LabelSet } from '@tuhai/core/labels/label-set';
import type { Prediction } from '@tuhai/core/labels/score-labels';
import type { ObjectRef } from '@tuhai/core/outcome';
import { commitChunk } from '@tuhai/core/store/commit-chunk';
import type { Database } from '@tuhai/core/store/database';
import { registerLabelSet } from '@tuhai/core/store/label-sets';
import { finishRun } from '@tuhai/core/store/runs';
import {
  claim,
  embeddedObject,
  listRun,
  newCollection,
  results,
  vectorAt,
  type Collection,
} from '../store/collection.js';

export interface LabelledCollection extends Collection {
  labelSet: LabelSet;
  labelSetId: number;
}

/** A label set that no other test uses, with these labels. */
export const labelSetOf = (labels: readonly string[], mode = 'single'): LabelSet =>
  parseLabelSet(JSON.stringify({ name: `set ${randomUUID()}`, mode, labels }), 'test.json');

/** Embedded and labelled as a worker does it: image i at the angle i / 100, its labels as given. */
export async function labelledCollection(
  database: Database,
  images: readonly { object: ObjectRef; predictions: Prediction[] }[],
  options: { labels: readonly string[]; mode?: string; dimension?: number },
): Promise<LabelledCollection> {
  const collection = await newCollection(database, options.dimension);
  const labelSet = labelSetOf(options.labels, options.mode);
  const labelSetId = await registerLabelSet(database, labelSet);
  const labelled = { ...collection, labelSet, labelSetId };
  await embedLabelled(labelled, images);
  return labelled;
}

export async function embedLabelled(
  { labelSetId, ...collection }: LabelledCollection,
  images: readonly { object: ObjectRef; predictions: Prediction[] }[],
): Promise<void> {
  const { database, model } = collection;
  const objects = images.map(({ object }) => object);
  const { runId, chunkIds } = await listRun(collection, objects, {
    labelSetIds: [labelSetId],
    chunkSize: 10_000,
  });
  const byKey = new Map(images.map((image, i) => [image.object.key, { ...image, i }]));
  for (const chunkId of chunkIds) {
    const chunk = await claim(database, chunkId);
    const embedded = chunk.objects.map((object) => {
      const { i, predictions } = byKey.get(object.key) ?? { i: 0, predictions: [] };
      return embeddedObject(object, vectorAt(model.dimension, i / 100), [[labelSetId, predictions]]);
    });
    await commitChunk(database, chunk, results({ embedded }));
  }
  await finishRun(database, runId);
}

/** Ranked as given. */
export const ranked = (...labels: [label: string, probability: number, cosine?: number][]): Prediction[] =>
  labels.map(([label, probability, cosine = 0.25], i) => ({
    label,
    probability,
    cosine,
    rank: i + 1,
    margin: i === 0 ? 0.125 : null,
    passed: true,
  }));
