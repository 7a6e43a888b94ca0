import { constants, type BigIntStats } from 'node:fs';
import { type FileHandle, lstat, open, realpath, stat } from 'node:fs/promises';
import { sep } from 'node:path';
import { ItemFailure, type FailureCode } from '../item-failure.js';
import type { Fetched } from './source.js';
import { withDeadline } from './with-deadline.js';

/**
 * The bytes of one file.
 * @param root when given, the file must really lie below it: neither `..` nor a link leads out
 * @throws {ItemFailure} not_found, access_denied, too_large, timeout, source_unavailable
 */
export async function fetchLocalFile(
  path: string,
  options: { bytesMax: number; timeoutMs: number; signal?: AbortSignal; root?: string },
): Promise<Fetched> {
  const { bytesMax, timeoutMs, signal, root } = options;
  return withDeadline({ timeoutMs, what: 'reading', signal }, async (abortSignal) => {
    try {
      const file = await openFile(root === undefined ? path : await pathBelow(root, path));
      try {
        return await readFile(file, { bytesMax, signal: abortSignal });
      } finally {
        await file.close();
      }
    } catch (error) {
      throw fileFailure(error);
    }
  });
}

/**
 * ETag and size of one file; of the link itself where it leads nowhere.
 * @throws {ItemFailure} not_found, access_denied, source_unavailable
 */
export async function statLocalFile(path: string): Promise<{ etag: string; sizeBytes: number }> {
  try {
    const stats = await stat(path, { bigint: true }).catch(() => lstat(path, { bigint: true }));
    return { etag: etagOf(stats), sizeBytes: Number(stats.size) };
  } catch (error) {
    throw fileFailure(error);
  }
}

const etagOf = (stats: BigIntStats): string => `${stats.size}-${stats.mtimeNs}`;

async function pathBelow(root: string, path: string): Promise<string> {
  const real = await realpath(path);
  if (real.startsWith(root.endsWith(sep) ? root : root + sep)) return real;
  throw new ItemFailure('access_denied', 'the path, or a link, leaves the folder of the source');
}

/** O_NONBLOCK: opening a pipe must not wait for somebody who writes into it. */
const openFile = (path: string): Promise<FileHandle> => open(path, constants.O_RDONLY | constants.O_NONBLOCK);

async function readFile(
  file: FileHandle,
  { bytesMax, signal }: { bytesMax: number; signal: AbortSignal },
): Promise<Fetched> {
  const before = await file.stat({ bigint: true });
  if (!before.isFile()) throw new ItemFailure('access_denied', 'it is not a regular file');
  if (before.size > bytesMax) {
    throw new ItemFailure('too_large', `it has ${before.size} bytes; the limit is ${bytesMax} bytes`);
  }
  const bytes = Buffer.allocUnsafe(Number(before.size));
  for (let filled = 0; filled < bytes.length;) {
    signal.throwIfAborted();
    const { bytesRead } = await file.read(bytes, filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  const etag = etagOf(await file.stat({ bigint: true }));
  if (etag !== etagOf(before)) throw new ItemFailure('source_unavailable', 'it changed while it was read');
  return { bytes, etag };
}

const codeByErrno: Readonly<Record<string, FailureCode>> = {
  ENOENT: 'not_found',
  ENOTDIR: 'not_found',
  ENAMETOOLONG: 'not_found',
  ERR_INVALID_ARG_VALUE: 'not_found',
  EACCES: 'access_denied',
  EPERM: 'access_denied',
  ELOOP: 'access_denied',
};

/** What an error of the file system means for the file; what is not known (EIO, EMFILE, ESTALE …) may pass. */
function fileFailure(error: unknown): ItemFailure {
  if (error instanceof ItemFailure) return error;
  const errno = error instanceof Error && 'code' in error ? String(error.code) : '';
  const message = error instanceof Error ? error.message : String(error);
  return new ItemFailure(codeByErrno[errno] ?? 'source_unavailable', message, { cause: error });
}
