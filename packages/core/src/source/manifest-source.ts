import { pathToFileURL } from 'node:url';
import { UsageError } from '../usage-error.js';
import { groupsOf } from './groups-of.js';
import { suffixFilter } from './image-suffixes.js';
import { fetchLocalFile } from './local-file.js';
import { lookUpObjects } from './look-up-objects.js';
import type { ManifestColumns } from './manifest-columns.js';
import type { ManifestLine } from './manifest-line.js';
import { manifestLines } from './manifest-lines.js';
import {
  manifestBase,
  type ManifestBase,
  type ManifestTarget,
  manifestTarget,
  targetKey,
} from './manifest-target.js';
import type { ManifestFormat } from './read-manifest.js';
import { s3Client } from './s3-client.js';
import { fetchS3Object } from './s3-objects.js';
import type { S3Settings } from './s3-settings.js';
import type { ListPage, Source } from './source.js';

const pageSize = 1000;

export interface ManifestOptions {
  format: ManifestFormat;
  columns: ManifestColumns;
  /** Where relative keys start, if not beside the manifest. Keys are then listed absolute, so that they need no base. */
  base?: string | undefined;
  suffixes: readonly string[];
  s3: S3Settings;
}

/**
 * The objects that a manifest names, in its order; the cursor is the number of a page's last line. Objects that are
 * missing or forbidden are listed too. A key that stands twice within a page is listed once.
 * @throws {UsageError} for a base that is none; from `list` for a malformed manifest
 * @throws {SourceError} from `list` when the manifest or what it names is out of reach
 */
export function openManifestSource(manifest: ManifestTarget, options: ManifestOptions): Source {
  const { s3 } = options;
  const ownBase = manifestBase(manifest, undefined);
  const base = manifestBase(manifest, options.base);
  if (manifest.kind === 's3' && base.kind === 'file') {
    throw new UsageError('The base of a manifest on S3 must be on S3 too');
  }
  const isWanted = suffixFilter(options.suffixes);
  const name = targetKey(manifest);

  async function* list({ after = '0', signal }: { after?: string; signal?: AbortSignal } = {}) {
    const lines = manifestLines(manifest, { ...options, name, after: lineNumber(after), signal });
    for await (const group of groupsOf(lines, pageSize)) {
      signal?.throwIfAborted();
      const named = group.map((line) => {
        const target = targetOf(line, name, base);
        return { line, target, key: options.base === undefined ? line.key : targetKey(target) };
      });
      const wanted = new Map(named.filter(({ key }) => isWanted(key)).map((entry) => [entry.key, entry]));
      const objects = await lookUpObjects([...wanted.values()], { s3, signal });
      yield { objects, cursor: String(group.at(-1)?.line ?? after) } satisfies ListPage;
    }
  }

  return {
    uri: manifest.kind === 's3' ? name : pathToFileURL(manifest.path).href,
    list,
    fetch: async (key, fetchOptions) => {
      const target = manifestTarget(key, ownBase);
      if (target.kind === 'file') return fetchLocalFile(target.path, fetchOptions);
      return fetchS3Object(s3Client(s3), target, fetchOptions);
    },
  };
}

function lineNumber(cursor: string): number {
  if (/^\d+$/.test(cursor)) return Number(cursor);
  throw new UsageError(`"${cursor}" is no cursor of a manifest: a line number is expected`);
}

function targetOf({ key, line }: ManifestLine, name: string, base: ManifestBase): ManifestTarget {
  try {
    return manifestTarget(key, base);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new UsageError(`${name}:${line}: ${error.message}`, { cause: error });
  }
}
