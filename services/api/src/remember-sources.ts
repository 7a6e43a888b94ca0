import type { Source } from '@tuhai/core/source/source';

/** Opens each source once, and again only after it could not be opened. */
export function rememberSources(open: (uri: string) => Promise<Source>): (uri: string) => Promise<Source> {
  const sources = new Map<string, Promise<Source>>();
  return (uri) => {
    const source = sources.get(uri) ?? open(uri);
    sources.set(uri, source);
    source.catch(() => sources.delete(uri));
    return source;
  };
}
