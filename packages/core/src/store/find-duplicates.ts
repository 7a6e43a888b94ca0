import type { Database } from './database.js';
import { DuplicateGroups, type DuplicatePair } from './duplicate-groups.js';
import { filterConditions, type ImageFilter } from './image-filter.js';
import { partitionOf, type StoredModel } from './register-model.js';
import { estimateRows } from './search-images.js';

export const thresholdDefault = 0.97;

export interface DuplicateImage {
  id: number;
  source: string;
  key: string;
  /** To the image of its group that is nearest to it. */
  cosine: number;
}

export interface DuplicateGroup {
  /** At least two, by id. */
  images: DuplicateImage[];
  /** Not all of its images were looked at: there may be more of them. */
  isPartial: boolean;
}

export interface DuplicateSearch {
  filter?: ImageFilter;
  /** Least cosine of two images that are taken for the same. */
  threshold: number;
  /** How many images may lead a group of this page. */
  limit: number;
  afterId?: number;
}

/** Of so few, each is compared with each. */
const exactRowsMax = 10_000;
/** Of each image looked at. In a larger group its images know each other by way of third ones. */
const neighboursMax = 20;
/** Images beyond those of the page that are looked at, to complete its groups. */
const furtherMax = 500;

/**
 * Groups of images of one model whose cosine is at least the threshold, or that a chain of such pairs connects, among
 * those that the filter lets through; retired images are left out. A group belongs to the page of its smallest id: no
 * page repeats another's, unless it is partial. Where a filter lets more than `exactRowsMax` images through,
 * neighbours come from the index, which may miss some.
 * @returns `lastId`: where the next page begins; undefined on the last
 */
export async function findDuplicates(
  database: Database,
  model: StoredModel,
  { filter = {}, threshold, limit, afterId = 0 }: DuplicateSearch,
): Promise<{ groups: DuplicateGroup[]; examined: number; lastId: number | undefined }> {
  const listed = await listIds(database, model, { filter, afterId, limit: limit + 1 });
  const page = listed.slice(0, limit);
  const groups = new DuplicateGroups();
  const seen = new Set<number>();
  for (let next = page; next.length > 0;) {
    for (const id of next) seen.add(id);
    for (const pair of await findPairs(database, model, { filter, threshold, ids: next })) groups.join(pair);
    // A group that leads back to an earlier page was told there.
    const open = groups.ids().filter((id) => !seen.has(id) && groups.leaderOf(id) > afterId);
    next = open.slice(0, page.length + furtherMax - seen.size);
  }
  const led = groups.list().filter(([first = 0]) => first > afterId);
  const images = await getImages(database, led.flat());
  return {
    groups: led.map((ids) => ({
      images: ids.flatMap((id) => {
        const image = images.get(id);
        return image ? [{ id, ...image, cosine: groups.cosineOf(id) }] : [];
      }),
      isPartial: ids.some((id) => !seen.has(id)),
    })),
    examined: page.length,
    lastId: listed.length > limit ? page.at(-1) : undefined,
  };
}

const fromImages = (model: StoredModel) =>
  `FROM ${partitionOf(model)} e JOIN images i ON i.id = e.image_id JOIN sources s ON s.id = i.source_id`;

async function listIds(
  database: Database,
  model: StoredModel,
  { filter, afterId, limit }: { filter: ImageFilter; afterId: number; limit: number },
): Promise<number[]> {
  const values: unknown[] = [afterId, limit];
  const where = ['i.id > $1', ...filterConditions(model, filter, values)].join(' AND ');
  const { rows } = await database.pool.query<{ id: number }>(
    `SELECT i.id ${fromImages(model)} WHERE ${where} ORDER BY i.id LIMIT $2`,
    values,
  );
  return rows.map(({ id }) => id);
}

async function findPairs(
  database: Database,
  model: StoredModel,
  { filter, threshold, ids }: { filter: ImageFilter; threshold: number; ids: number[] },
): Promise<DuplicatePair[]> {
  const values: unknown[] = [ids, threshold, neighboursMax];
  const where = filterConditions(model, filter, values).join(' AND ');
  return database.transaction(async (client) => {
    const isExact = (await estimateRows(client, model, filter)) <= exactRowsMax;
    await client.query(`SELECT set_config('hnsw.iterative_scan', 'strict_order', true),
      set_config('hnsw.ef_search', '100', true)`);
    // Few candidates are read once and compared with each; of many, the index finds the nearest.
    // Of a zero vector the cosine is NaN, which Postgres holds to be greater than any number.
    const { rows } = await client.query<DuplicatePair>(
      `WITH candidates AS ${isExact ? '' : 'NOT'} MATERIALIZED (
         SELECT i.id, e.embedding::vector(${model.dimension}) AS vector ${fromImages(model)} WHERE ${where})
       SELECT q.id, n.id AS "otherId", 1 - n.distance AS cosine
       FROM candidates q CROSS JOIN LATERAL (
         SELECT c.id, c.vector <=> q.vector AS distance FROM candidates c WHERE c.id <> q.id
         ORDER BY distance${isExact ? ', c.id' : ''} LIMIT $3) n
       WHERE q.id = ANY ($1) AND 1 - n.distance BETWEEN $2 AND 1`,
      values,
    );
    return rows;
  });
}

async function getImages(
  database: Database,
  ids: number[],
): Promise<Map<number, { source: string; key: string }>> {
  const { rows } = await database.pool.query<{ id: number; source: string; key: string }>(
    'SELECT i.id, s.uri AS source, i.key FROM images i JOIN sources s ON s.id = i.source_id WHERE i.id = ANY ($1)',
    [ids],
  );
  return new Map(rows.map((row) => [row.id, row]));
}
