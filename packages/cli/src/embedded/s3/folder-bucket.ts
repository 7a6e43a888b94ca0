import { createHash } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import { type FileHandle, lstat, open, readdir, realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { compareUtf8 } from '@tuhai/core/source/utf8-order';
import { S3Error } from './s3-error.js';

/** What S3 tells about an object. */
export interface ObjectFacts {
  sizeBytes: number;
  lastModified: Date;
  /** With its quotes. Not an MD5 but a hash of size and modification time, and written so that no client takes it for one. */
  etag: string;
}

/** Keys of all files below `directory`, sorted as S3 sorts. Linked directories are not entered. */
export async function folderKeys(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const keys: string[] = [];
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name);
    const isFile = entry.isFile() || (entry.isSymbolicLink() && !(await isDirectory(path)));
    if (isFile)
      keys.push(
        path
          .slice(directory.length + 1)
          .split(sep)
          .join('/'),
      );
  }
  return keys.sort(compareUtf8);
}

/** Facts for a listing; undefined if the file has gone. A link is listed even if it may not be read. */
export async function objectFacts(directory: string, key: string): Promise<ObjectFacts | undefined> {
  const path = join(directory, key);
  const stats = await stat(path, { bigint: true }).catch(() =>
    lstat(path, { bigint: true }).catch(() => undefined),
  );
  return stats && facts(stats);
}

/**
 * Opens an object; the caller closes the file.
 * @throws S3Error NoSuchKey; AccessDenied for what is outside of the folder or not readable
 */
export async function openObject(
  directory: string,
  key: string,
): Promise<ObjectFacts & { file: FileHandle }> {
  const segments = key.split('/');
  if (segments.includes('..')) throw new S3Error('AccessDenied', 'The key leads out of the bucket.');
  // Names of a folder's files have none of these; a file system would find another key's file under them.
  if (segments.some((segment) => segment === '' || segment === '.') || key.includes('\0')) throw noSuchKey();
  try {
    const path = await realpath(join(directory, key));
    if (!path.startsWith(directory + sep))
      throw new S3Error('AccessDenied', 'The key leads out of the bucket.');
    const file = await open(path, 'r');
    const stats = await file.stat({ bigint: true });
    if (stats.isFile()) return { ...facts(stats), file };
    await file.close();
    throw noSuchKey();
  } catch (error) {
    throw asS3Error(error);
  }
}

function noSuchKey(cause?: unknown): S3Error {
  return new S3Error('NoSuchKey', 'The specified key does not exist.', {}, { cause });
}

function asS3Error(error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ENAMETOOLONG') return noSuchKey(error);
  if (code === 'EACCES' || code === 'EPERM' || code === 'ELOOP') {
    return new S3Error('AccessDenied', 'Access Denied', {}, { cause: error });
  }
  return error;
}

async function isDirectory(path: string): Promise<boolean> {
  return stat(path).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
}

function facts(stats: BigIntStats): ObjectFacts {
  const hash = createHash('md5').update(`${stats.size} ${stats.mtimeNs}`).digest('hex');
  // S3's form for an object uploaded in parts, whose ETag is no MD5 of its bytes.
  // Whole seconds, as S3 says and as an HTTP header can.
  const lastModified = new Date(Math.floor(stats.mtime.getTime() / 1000) * 1000);
  return { sizeBytes: Number(stats.size), lastModified, etag: `"${hash}-1"` };
}
