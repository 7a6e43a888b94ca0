import { readFile, stat } from 'node:fs/promises';
import type { ImageLimits } from '@tuhai/core/image/limits';
import { ItemFailure, type FailureCode } from '@tuhai/core/item-failure';

/** @throws {ItemFailure} not_found, access_denied, too_large, unsupported_format (a folder), source_unavailable */
export async function readImageFile(path: string, { bytesMax }: ImageLimits): Promise<Uint8Array> {
  try {
    const file = await stat(path);
    if (!file.isFile()) throw new ItemFailure('unsupported_format', `${path} is no file`);
    if (file.size > bytesMax)
      throw new ItemFailure('too_large', `${file.size} bytes; at most ${bytesMax} are allowed`);
    return await readFile(path);
  } catch (error) {
    if (error instanceof ItemFailure) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    throw new ItemFailure(failureCodes[code ?? ''] ?? 'source_unavailable', message, { cause: error });
  }
}

const failureCodes: Readonly<Record<string, FailureCode>> = {
  ENOENT: 'not_found',
  ENOTDIR: 'not_found',
  EACCES: 'access_denied',
  EPERM: 'access_denied',
};
