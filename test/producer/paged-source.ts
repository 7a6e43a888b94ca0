import type { ListPage, Source } from '@tuhai/core/source/source';
import { objectOf } from '../store/collection.js';

export interface PagedSource extends Source {
  /** What each listing began after, and how many pages it gave. */
  listings: { after: string | undefined; pages: number }[];
  /** Listing this page fails. */
  failsAt: number | undefined;
}

/** So many pages of objects `page/position`; the cursor of a page is its number. Nothing can be fetched from it. */
export function pagedSource(uri: string, pages: number, objectsPerPage: number): PagedSource {
  const pageAt = (page: number): ListPage => ({
    objects: Array.from({ length: objectsPerPage }, (_, i) => objectOf(`${page}/${i}`)),
    cursor: `${page}`,
  });
  const source: PagedSource = {
    uri,
    listings: [],
    failsAt: undefined,
    async *list({ after } = {}) {
      const listing = { after, pages: 0 };
      source.listings.push(listing);
      for (let page = Number(after ?? 0) + 1; page <= pages; page++) {
        if (page === source.failsAt) throw new Error(`page ${page} cannot be listed`);
        listing.pages++;
        yield pageAt(page);
      }
    },
    fetch: () => Promise.reject(new Error('nothing is fetched here')),
  };
  return source;
}
