import { chooseLabelSet } from '../store/choose-label-set.js';
import type { Database } from '../store/database.js';
import { exportImages } from '../store/export-images.js';
import { choosePolicy } from '../store/policies.js';
import type { StoredModel } from '../store/register-model.js';
import type { ExportContext } from './exported-image.js';
import { exportFormat, type ExportFormatName } from './formats.js';
import { imageUrl } from './image-url.js';

export interface ExportOptions {
  model: StoredModel;
  format: ExportFormatName;
  /** A label set by name; may be left out where there is only one. */
  labels?: string | undefined;
  /** A policy by name, whose decisions to add. */
  policy?: string | undefined;
  vectors?: boolean | undefined;
  source?: string | undefined;
  prefix?: string | undefined;
  urlTemplate?: string | undefined;
  excel?: boolean | undefined;
}

export interface Export {
  context: ExportContext;
  /** How many images have been read so far. */
  images(): number;
  /** The file, in pieces, read from the database as they are asked for. */
  chunks(): AsyncIterable<string | Uint8Array>;
}

/** @throws {UsageError} for a label set, policy or URL template that cannot be used */
export async function openExport(database: Database, options: ExportOptions): Promise<Export> {
  const { model, urlTemplate, vectors = false } = options;
  const modelId = model.id;
  if (urlTemplate !== undefined) imageUrl({ imageId: 1, source: '', key: '' }, urlTemplate);
  const chosen = await chooseLabelSet(database, { modelId, name: options.labels });
  const policy =
    options.policy === undefined
      ? undefined
      : await choosePolicy(database, { modelId, name: options.policy });
  const context: ExportContext = {
    model,
    vectors,
    ...(chosen && { labelSet: chosen.labelSet }),
    ...(policy && { policy: policy.policy }),
    ...(urlTemplate !== undefined && { urlTemplate }),
    ...(options.excel && { excel: true }),
  };
  let images = 0;
  async function* pages() {
    const { source, prefix } = options;
    for await (const page of exportImages(database, {
      model,
      vectors,
      ...(chosen && { labelSet: { id: chosen.id, name: chosen.labelSet.name } }),
      ...(policy && { policyId: policy.id }),
      ...(source !== undefined && { source }),
      ...(prefix !== undefined && { prefix }),
    })) {
      images += page.length;
      yield page;
    }
  }
  return {
    context,
    images: () => images,
    chunks: () => exportFormat(options.format).write(pages(), context),
  };
}
