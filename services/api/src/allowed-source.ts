import type { Source } from '@tuhai/core/source/source';
import { isKnownSource } from '@tuhai/core/store/known-sources';
import type { Database } from '@tuhai/core/store/database';
import { Problem } from './problem.js';

/**
 * Opens a source that a client names, if runs have listed it before or `API_SOURCES` allows it: nothing else is looked
 * at, and a folder that turns out to lie elsewhere (a link) is refused as well.
 * @throws {Problem} source_not_allowed
 */
export async function openAllowedSource(
  uri: string,
  options: { database: Database; allowed: readonly string[]; open: (uri: string) => Promise<Source> },
): Promise<Source> {
  const { database, allowed } = options;
  const isAllowed = async (candidate: string) =>
    isUnderOne(candidate, allowed) || (await isKnownSource(database, candidate));
  if (!(await isAllowed(uri))) throw notAllowed();
  const source = await options.open(uri);
  if (!(await isAllowed(source.uri))) throw notAllowed();
  return source;
}

const notAllowed = () =>
  new Problem('source_not_allowed', 'Runs go over sources listed before, or under API_SOURCES');

/** Whether it is one of these, or below it: `s3://bucket/photos` has `s3://bucket/photos/2026`, not `s3://bucket/photos2`. */
function isUnderOne(uri: string, allowed: readonly string[]): boolean {
  // A path that climbs is none that anybody needs, in whatever spelling.
  if (!/^(s3|file):\/\//.test(uri) || /(^|[/\\])\.\.?([/\\]|$)/.test(decoded(uri))) return false;
  return allowed.some((prefix) => {
    const folder = prefix.endsWith('/') ? prefix : `${prefix}/`;
    return uri === prefix || `${uri}/` === prefix || uri.startsWith(folder);
  });
}

function decoded(uri: string): string {
  try {
    return decodeURIComponent(uri);
  } catch {
    return uri;
  }
}
