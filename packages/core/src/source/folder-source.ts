import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import pLimit from 'p-limit';
import { ItemFailure } from '../item-failure.js';
import type { ObjectRef } from '../outcome.js';
import { suffixFilter } from './image-suffixes.js';
import { fetchLocalFile, statLocalFile } from './local-file.js';
import { groupsOf } from './groups-of.js';
import type { Fetched, ListPage, Source } from './source.js';
import { unknownVersion } from './unknown-version.js';
import { walkFolder } from './walk-folder.js';

const pageSize = 1000;
const statsAtOnce = 16;

/**
 * The files below a folder. Keys are paths relative to it, with `/`; the cursor is the last key of a page.
 * An ETag is the size and the time of the last change. Links that leave the folder are listed but not read.
 * @param root the real path of an existing folder
 * @throws {UsageError | SourceError} from `list`, see walkFolder
 */
export function openFolderSource(root: string, options: { suffixes: readonly string[] }): Source {
  const isWanted = suffixFilter(options.suffixes);

  async function* list({ after = '', signal }: { after?: string; signal?: AbortSignal } = {}) {
    for await (const keys of groupsOf(walkFolder(root, { after, isWanted }), pageSize)) {
      signal?.throwIfAborted();
      yield { objects: await statAll(root, keys), cursor: keys.at(-1) ?? after } satisfies ListPage;
    }
  }

  async function fetch(key: string, fetchOptions: Parameters<Source['fetch']>[1]): Promise<Fetched> {
    try {
      return await fetchLocalFile(join(root, key), { ...fetchOptions, root });
    } catch (error) {
      throw await withoutBlame(error, root);
    }
  }

  return { uri: pathToFileURL(root).href, list, fetch };
}

/** Files that went away since the directory was read are left out; those that may not be looked at are not. */
async function statAll(root: string, keys: string[]): Promise<ObjectRef[]> {
  const limit = pLimit(statsAtOnce);
  const stat = async (key: string): Promise<ObjectRef[]> => {
    try {
      return [{ key, ...(await statLocalFile(join(root, key))) }];
    } catch (error) {
      const isGone = error instanceof ItemFailure && error.code === 'not_found';
      return isGone ? [] : [{ key, ...unknownVersion() }];
    }
  };
  return (await limit.map(keys, stat)).flat();
}

/** A file that is missing because the whole folder is (a disk not mounted) is not lost for good. */
async function withoutBlame(error: unknown, root: string): Promise<unknown> {
  if (!(error instanceof ItemFailure) || error.code !== 'not_found') return error;
  try {
    await access(root);
    return error;
  } catch (cause) {
    return new ItemFailure('source_unavailable', `the folder ${root} is not there`, { cause });
  }
}
