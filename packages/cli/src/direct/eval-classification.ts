import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { ImageLimits } from '@tuhai/core/image/limits';
import type { ItemFailure } from '@tuhai/core/item-failure';
import type { LabelSet } from '@tuhai/core/labels/label-set';
import { UsageError } from '@tuhai/core/usage-error';
import { classifyFiles } from './classify-files.js';
import type { OpenModel } from './open-model.js';

export interface ClassificationReport {
  images: number;
  classes: number;
  /** Share of the images whose class is their best label, or among the best five. */
  top1: number;
  top5: number;
  /** Mean over the classes of their own share: small classes count as much as large ones. */
  meanPerClass: number;
}

/**
 * Top-k accuracy over a folder that has a folder a class, called by the label's name or, as in Chinese-CLIP's data sets,
 * by its place in the list (`000`, `001`, …).
 */
export async function evalClassification(
  model: OpenModel,
  folder: string,
  labelSet: LabelSet,
  options: { limits: ImageLimits; onFailure: (key: string, failure: ItemFailure) => void },
): Promise<ClassificationReport> {
  const { files, labelOf } = await listClasses(folder, labelSet);
  const hits = new Map<string, { images: number; top1: number; top5: number }>();
  for await (const file of classifyFiles(model, files, { ...labelSet, top: 5 }, options)) {
    if ('failure' in file) {
      options.onFailure(file.key, file.failure);
      continue;
    }
    const label = labelOf.get(basename(dirname(file.key))) as string;
    const place = file.predictions.findIndex((prediction) => prediction.label === label);
    const own = hits.get(label) ?? { images: 0, top1: 0, top5: 0 };
    hits.set(label, {
      images: own.images + 1,
      top1: own.top1 + Number(place === 0),
      top5: own.top5 + Number(place >= 0),
    });
  }
  const classes = [...hits.values()];
  const sum = (of: (own: { images: number; top1: number; top5: number }) => number): number =>
    classes.reduce((total, own) => total + of(own), 0);
  const images = sum((own) => own.images);
  if (images === 0) throw new UsageError(`${folder} has no image that can be classified`);
  return {
    images,
    classes: classes.length,
    top1: sum((own) => own.top1) / images,
    top5: sum((own) => own.top5) / images,
    meanPerClass: sum((own) => own.top1 / own.images) / classes.length,
  };
}

async function listClasses(
  folder: string,
  { labels }: LabelSet,
): Promise<{ files: string[]; labelOf: Map<string, string> }> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: Error) => {
    throw new UsageError(`The images cannot be read: ${error.message}`, { cause: error });
  });
  const names = new Set(labels.map(({ name }) => name));
  const labelOf = new Map<string, string>();
  const files: string[] = [];
  for (const { name } of entries.filter((entry) => entry.isDirectory())) {
    const label = names.has(name) ? name : /^\d+$/.test(name) ? labels[Number(name)]?.name : undefined;
    if (label === undefined) throw new UsageError(`${join(folder, name)} is the name or number of no label`);
    labelOf.set(name, label);
    for (const file of await readdir(join(folder, name))) files.push(join(folder, name, file));
  }
  if (files.length === 0) throw new UsageError(`${folder} has no folders of images, one a class`);
  return { files, labelOf };
}
