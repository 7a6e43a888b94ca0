import type { Dirent } from 'node:fs';
import { opendir } from 'node:fs/promises';
import { join } from 'node:path';
import { UsageError } from '../usage-error.js';
import { SourceError } from './source-error.js';
import { compareUtf8 } from './utf8-order.js';

/**
 * The keys of the files below a folder that are wanted, in the order in which S3 would list them: by the bytes of the
 * whole key, so `a.jpg` comes before `a/b.jpg`. Holds the names of one directory a level in memory.
 * Links to files count as files; links to directories are not followed, nor are devices, pipes and sockets listed.
 * Directories that vanish meanwhile are passed over.
 * @throws {UsageError} for a directory that may not be read
 * @throws {SourceError} when the file system fails
 */
export async function* walkFolder(
  root: string,
  options: { after: string; isWanted: (key: string) => boolean },
  prefix = '',
): AsyncGenerator<string> {
  const { after, isWanted } = options;
  for (const name of await sortedNames(join(root, prefix), isWanted)) {
    const key = prefix + name;
    if (!name.endsWith('/')) {
      if (compareUtf8(key, after) > 0) yield key;
    } else if (after.startsWith(key) || compareUtf8(key, after) > 0) {
      yield* walkFolder(root, options, key);
    }
  }
}

/** Names of wanted files, and of directories with a `/` behind, which is what decides their place in the order. */
async function sortedNames(folder: string, isWanted: (name: string) => boolean): Promise<string[]> {
  const names = new Set<string>();
  try {
    for await (const entry of await opendir(folder, { bufferSize: 256 })) {
      if (entry.isDirectory()) names.add(`${entry.name}/`);
      else if (isFileOrLink(entry) && isWanted(entry.name)) names.add(entry.name);
    }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR') return [];
    if (code === 'EACCES' || code === 'EPERM') {
      throw new UsageError(`The directory ${folder} may not be read`, { cause: error });
    }
    throw new SourceError(`The directory ${folder} cannot be read: ${String(error)}`, { cause: error });
  }
  return [...names].sort(compareUtf8);
}

const isFileOrLink = (entry: Dirent): boolean => entry.isFile() || entry.isSymbolicLink();
