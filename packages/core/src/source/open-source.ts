import { realpath, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { UsageError } from '../usage-error.js';
import { openFolderSource } from './folder-source.js';
import { imageSuffixes } from './image-suffixes.js';
import { defaultManifestColumns, type ManifestColumns } from './manifest-columns.js';
import { pathOfFileUri } from './manifest-target.js';
import { manifestFormat, manifestFormats } from './read-manifest.js';
import { isS3Uri, parseS3Uri } from './s3-uri.js';
import type { S3Settings } from './s3-settings.js';
import type { Source } from './source.js';

export interface SourceOptions {
  s3: S3Settings;
  /** Name endings to keep; none or `*` for all. Default: imageSuffixes, and all for a manifest. */
  suffixes?: readonly string[] | undefined;
  manifest?: (Partial<ManifestColumns> & { base?: string | undefined }) | undefined;
}

/**
 * Opens `s3://bucket/prefix`, a folder (a path or a `file://` URI), or a manifest: a file or an S3 key that ends in
 * .txt, .csv or .jsonl. The `uri` of what comes back opens the same source again, for fetching without further options.
 * A folder or file must exist; of S3 nothing is asked yet.
 * @throws {UsageError} when there is no such source
 */
export async function openSource(uri: string, options: SourceOptions): Promise<Source> {
  return isS3Uri(uri) ? openOnS3(uri, options) : openLocally(uri, options);
}

/** The S3 client is only loaded for those who need it: that takes a quarter of a second. */
async function openOnS3(uri: string, options: SourceOptions): Promise<Source> {
  const address = parseS3Uri(uri);
  const format = manifestFormat(address.key);
  if (format === undefined) {
    const { openS3Source } = await import('./s3-source.js');
    return openS3Source(address, { s3: options.s3, suffixes: options.suffixes ?? imageSuffixes });
  }
  const { openManifestSource } = await import('./manifest-source.js');
  return openManifestSource({ kind: 's3', ...address }, { format, ...manifestOptions(options) });
}

async function openLocally(uri: string, options: SourceOptions): Promise<Source> {
  const path = await existingPath(uri);
  const stats = await stat(path);
  if (stats.isDirectory()) return openFolderSource(path, { suffixes: options.suffixes ?? imageSuffixes });
  const format = manifestFormat(path);
  if (format === undefined || !stats.isFile()) {
    throw new UsageError(
      `${uri} is no source: name a folder, s3://bucket/prefix, or a manifest (${manifestFormats.join(', ')})`,
    );
  }
  const { openManifestSource } = await import('./manifest-source.js');
  return openManifestSource({ kind: 'file', path }, { format, ...manifestOptions(options) });
}

function manifestOptions({ s3, suffixes = [], manifest = {} }: SourceOptions) {
  const { base, ...columns } = manifest;
  return { s3, suffixes, base, columns: { ...defaultManifestColumns, ...columns } };
}

async function existingPath(uri: string): Promise<string> {
  const scheme = /^([a-z][a-z0-9+.-]+):\/\//i.exec(uri)?.[1]?.toLowerCase();
  if (scheme !== undefined && scheme !== 'file') {
    throw new UsageError(`"${uri}": sources are s3://, file:// or a path, not ${scheme}://`);
  }
  try {
    return await realpath(scheme === 'file' ? pathOfFileUri(uri) : resolve(uri));
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`There is no source ${uri}: ${String(error)}`, { cause: error });
  }
}
