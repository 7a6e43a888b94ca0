import { findDuplicates, thresholdDefault } from '@tuhai/core/store/find-duplicates';
import { Type } from 'typebox';
import type { ApiContext } from '../api-context.js';
import { modelSchema, nextCursor, pageFields, problems } from '../api-schemas.js';
import { filterFields, toImageFilter } from '../image-filter-schema.js';
import { decodeCursor, encodeCursor } from '../page-cursor.js';
import type { Api } from '../schema-validation.js';
import { thumbnailPath } from './images.js';

const limitDefault = 100;

const query = Type.Object(
  {
    threshold: Type.Optional(
      Type.Number({
        minimum: 0.5,
        maximum: 1,
        default: thresholdDefault,
        description: 'Least cosine of two images that are taken for the same',
      }),
    ),
    ...filterFields,
    limit: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 500,
        default: limitDefault,
        description: 'How many images are examined for a page',
      }),
    ),
    cursor: pageFields.cursor,
  },
  { additionalProperties: false },
);

const answer = Type.Object({
  model: modelSchema,
  groups: Type.Array(
    Type.Object({
      images: Type.Array(
        Type.Object({
          id: Type.Integer(),
          source: Type.String(),
          key: Type.String(),
          cosine: Type.Number({ description: 'To the nearest image of the group' }),
          thumbnail: Type.String(),
        }),
        { description: 'By id' },
      ),
      isPartial: Type.Boolean({ description: 'Too large to be followed to its end: there may be more' }),
    }),
    { description: 'A group is on the page of its smallest id; a page may have none' },
  ),
  examined: Type.Integer({ description: 'Images of this page, in a group or not' }),
  nextCursor,
});

/** `GET /v1/duplicates`: images that are copies, or nearly so, of one another. */
export function addDuplicateRoute(api: Api, context: ApiContext): void {
  const { database, model } = context;
  api.get('/v1/duplicates', {
    schema: {
      tags: ['images'],
      summary: 'Groups of images that are copies, or nearly so, of one another',
      querystring: query,
      response: { 200: answer, ...problems },
    },
    async handler({ query: { threshold = thresholdDefault, limit = limitDefault, cursor, ...filter } }) {
      const { groups, examined, lastId } = await findDuplicates(database, model, {
        filter: await toImageFilter(filter, context),
        threshold,
        limit,
        ...(cursor !== undefined && { afterId: decodeCursor(cursor, 'image').id }),
      });
      return {
        model: { name: model.name, fingerprint: model.fingerprint },
        groups: groups.map(({ images, isPartial }) => ({
          images: images.map((image) => ({ ...image, thumbnail: thumbnailPath(image.id) })),
          isPartial,
        })),
        examined,
        ...(lastId !== undefined && { nextCursor: encodeCursor({ id: lastId }) }),
      };
    },
  });
}
