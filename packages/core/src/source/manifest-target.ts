import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UsageError } from '../usage-error.js';
import { isS3Uri, parseS3Uri } from './s3-uri.js';
import type { S3Address } from './s3-objects.js';

/** Where one object of a manifest is. */
export type ManifestTarget = ({ kind: 's3' } & S3Address) | { kind: 'file'; path: string };

/** Where relative keys start: a folder, or an S3 prefix to which they are appended as they are. */
export type ManifestBase = ManifestTarget;

/** A base as a user names it; without one, the place of the manifest itself. */
export function manifestBase(manifest: ManifestTarget, base: string | undefined): ManifestBase {
  if (base !== undefined) {
    const target = manifestTarget(base, { kind: 'file', path: process.cwd() });
    if (target.kind === 'file' || target.key === '' || target.key.endsWith('/')) return target;
    return { ...target, key: `${target.key}/` };
  }
  if (manifest.kind === 'file') return { kind: 'file', path: dirname(manifest.path) };
  return { ...manifest, key: manifest.key.slice(0, manifest.key.lastIndexOf('/') + 1) };
}

/**
 * Where a key of a manifest points: an `s3://` or `file://` URI, an absolute path, or relative to `base`.
 * Under an S3 base `/a` is the bucket's own `a`, and a file is refused: whoever can write into a bucket must not make
 * workers read their own disks.
 * @throws {UsageError}
 */
export function manifestTarget(key: string, base: ManifestBase): ManifestTarget {
  if (isS3Uri(key)) return { kind: 's3', ...parseS3Uri(key) };
  const isFileUri = /^file:\/\//i.test(key);
  if (base.kind === 'file') {
    return { kind: 'file', path: isFileUri ? pathOfFileUri(key) : resolve(base.path, key) };
  }
  if (isFileUri) throw new UsageError(`${key}: a manifest on S3 cannot name local files`);
  return { ...base, key: key.startsWith('/') ? key.slice(1) : base.key + key };
}

/** @throws {UsageError} for a file URI that names another host or no path */
export function pathOfFileUri(uri: string): string {
  try {
    return fileURLToPath(uri);
  } catch (error) {
    throw new UsageError(`${uri} is no file URI of this machine`, { cause: error });
  }
}

/** The key that says where a target is, whatever the base: an `s3://` URI or an absolute path. */
export const targetKey = (target: ManifestTarget): string =>
  target.kind === 's3' ? `s3://${target.bucket}/${target.key}` : target.path;
