import { createReadStream } from 'node:fs';
import { UsageError } from '../usage-error.js';
import type { ManifestColumns } from './manifest-columns.js';
import type { ManifestLine } from './manifest-line.js';
import type { ManifestTarget } from './manifest-target.js';
import { type ManifestFormat, readManifest } from './read-manifest.js';
import { s3Client, s3EndpointName } from './s3-client.js';
import { s3ListingError } from './s3-failure.js';
import type { S3Address } from './s3-objects.js';
import type { S3Settings } from './s3-settings.js';
import { streamS3Object } from './stream-s3-object.js';

/** Breaks in a row before a line came; what arrived but was not read yet is lost with a connection. */
const opensInVainMax = 3;

interface Options {
  name: string;
  format: ManifestFormat;
  columns: ManifestColumns;
  /** Lines up to this one are passed over. */
  after: number;
  s3: S3Settings;
  signal: AbortSignal | undefined;
}

/**
 * The lines of a manifest behind line `after`, streamed.
 * @throws {UsageError} for a malformed manifest, or one that cannot be opened
 * @throws {SourceError} when S3 fails
 */
export function manifestLines(manifest: ManifestTarget, options: Options): AsyncGenerator<ManifestLine> {
  return manifest.kind === 's3' ? linesOfObject(manifest, options) : linesOfFile(manifest.path, options);
}

async function* linesOfFile(path: string, options: Options): AsyncGenerator<ManifestLine> {
  try {
    for await (const line of readManifest(createReadStream(path), options)) {
      if (line.line > options.after) yield line;
    }
  } catch (error) {
    if (!(error instanceof Error && 'syscall' in error)) throw error;
    throw new UsageError(`Cannot read the manifest: ${error.message}`, { cause: error });
  }
}

/**
 * Opens the object again where a connection broke, as one does on which nothing was read for long because the queue
 * was full. Only the version first seen is read on: another one has other lines.
 */
async function* linesOfObject(address: S3Address, options: Options): AsyncGenerator<ManifestLine> {
  let reached = options.after;
  let expected: string | undefined;
  const onOpen = (etag: string | undefined): void => void (expected = etag);
  for (let opensInVain = 0; ;) {
    const start = reached;
    const bytes = streamS3Object(s3Client(options.s3), address, { expected, onOpen }, options.signal);
    try {
      for await (const line of readManifest(bytes, options)) {
        if (line.line <= reached) continue;
        reached = line.line;
        yield line;
      }
      return;
    } catch (error) {
      options.signal?.throwIfAborted();
      if (error instanceof UsageError) throw error;
      opensInVain = reached > start ? 0 : opensInVain + 1;
      const isHopeless = expected === undefined || opensInVain === opensInVainMax;
      if (isHopeless) throw manifestError(error, { isStart: expected === undefined, ...options });
    }
  }
}

function manifestError(error: unknown, { name, s3, isStart }: Options & { isStart: boolean }): Error {
  return s3ListingError(error, { tried: `read ${name} at ${s3EndpointName(s3)}`, isStart });
}
