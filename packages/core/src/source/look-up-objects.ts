import { setMaxListeners } from 'node:events';
import pLimit from 'p-limit';
import { ItemFailure } from '../item-failure.js';
import type { ObjectRef } from '../outcome.js';
import { statLocalFile } from './local-file.js';
import type { ManifestLine } from './manifest-line.js';
import type { ManifestTarget } from './manifest-target.js';
import { s3Client } from './s3-client.js';
import { statS3Object } from './s3-objects.js';
import type { S3Settings } from './s3-settings.js';
import { SourceError } from './source-error.js';
import { unknownVersion } from './unknown-version.js';

const lookUpsAtOnce = 32;

export interface NamedObject {
  key: string;
  target: ManifestTarget;
  line: ManifestLine;
}

/**
 * ETag and size of each object: from its manifest line, else from the store. A size that only the line could have
 * told is 0.
 * @throws {SourceError} when the store is out of reach
 */
export function lookUpObjects(
  objects: readonly NamedObject[],
  options: { s3: S3Settings; signal: AbortSignal | undefined },
): Promise<ObjectRef[]> {
  // Each look-up under way listens to it; without this Node takes them for a leak.
  if (options.signal) setMaxListeners(2 * lookUpsAtOnce, options.signal);
  return pLimit(lookUpsAtOnce).map(objects, async ({ key, target, line: { etag, sizeBytes } }) => {
    if (etag !== undefined) return { key, etag, sizeBytes: sizeBytes ?? 0 };
    return { key, ...(await version(target, options)) };
  });
}

async function version(
  target: ManifestTarget,
  { s3, signal }: { s3: S3Settings; signal: AbortSignal | undefined },
): Promise<{ etag: string; sizeBytes: number }> {
  try {
    if (target.kind === 'file') return await statLocalFile(target.path);
    return await statS3Object(s3Client(s3), target, signal);
  } catch (error) {
    if (!(error instanceof ItemFailure)) throw error;
    if (!error.retryable) return unknownVersion();
    throw new SourceError(`Cannot look up what the manifest names: ${error.message}`, { cause: error });
  }
}
