import { countFacets } from '@tuhai/core/store/count-facets';
import { reviewStates } from '@tuhai/core/store/image-filter';
import { listImages } from '@tuhai/core/store/list-images';
import { Type, type TSchema } from 'typebox';
import type { ApiContext } from '../api-context.js';
import {
  modelSchema,
  nextCursor,
  pageFields,
  predictionSchema,
  problems,
  timestamp,
} from '../api-schemas.js';
import { filterFields, filterSchema, toImageFilter } from '../image-filter-schema.js';
import { cutPage, decodeCursor } from '../page-cursor.js';
import type { Api } from '../schema-validation.js';
import { thumbnailPath } from './images.js';

/** A facet of a larger collection is counted among so many of its images. */
const countMax = 500_000;

const orNull = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()]);

const listQuery = Type.Object(
  {
    ...filterFields,
    sort: Type.Optional(
      Type.Enum(['newest', 'probability'], {
        default: 'newest',
        description: 'By probability: of `label`, under `labelSet`',
      }),
    ),
    ...pageFields,
  },
  { additionalProperties: false },
);

const listedImage = Type.Object({
  id: Type.Integer(),
  source: Type.String(),
  key: Type.String(),
  width: orNull(Type.Integer()),
  height: orNull(Type.Integer()),
  format: orNull(Type.String()),
  embeddedAt: timestamp,
  thumbnail: Type.String(),
  prediction: Type.Union([predictionSchema, Type.Null()], {
    description: 'Of `label`, or else the best one, under `labelSet`',
  }),
});

const facet = <T extends TSchema>(value: T, description: string) =>
  Type.Array(Type.Object({ value, count: Type.Integer() }), { description });

const facetsSchema = Type.Object({
  model: modelSchema,
  total: Type.Integer(),
  isPartial: Type.Boolean({ description: `Counted among ${countMax} images only: there are more` }),
  labels: facet(Type.String(), 'By best label under `labelSet`; empty without one'),
  sources: facet(Type.String(), 'By source'),
  runs: facet(Type.Integer(), 'By the run that embedded them'),
  reviewStates: facet(Type.Enum([...reviewStates]), 'By how far people are with them'),
});

/** `GET /v1/images` and `GET /v1/facets`: what is stored, under the same filter. */
export function addImageListRoutes(api: Api, context: ApiContext): void {
  const { database, model } = context;
  const answering = { name: model.name, fingerprint: model.fingerprint };

  api.get('/v1/images', {
    schema: {
      tags: ['images'],
      summary: 'Images the model has embedded, the newest first or by probability of a label',
      querystring: listQuery,
      response: {
        200: Type.Object({ model: modelSchema, images: Type.Array(listedImage), nextCursor }),
        ...problems,
      },
    },
    async handler({ query: { limit = 50, cursor, sort = 'newest', ...filter } }) {
      const images = await listImages(database, model, {
        filter: await toImageFilter(filter, context),
        sort,
        limit: limit + 1,
        ...(cursor !== undefined && { after: decodeCursor(cursor, 'image') }),
      });
      const { items, ...next } = cutPage(images, limit, ({ id, prediction }) =>
        sort === 'probability' && prediction ? { id, probability: prediction.probability } : { id },
      );
      return {
        model: answering,
        images: items.map((image) => ({
          ...image,
          embeddedAt: image.embeddedAt.toISOString(),
          thumbnail: thumbnailPath(image.id),
        })),
        ...next,
      };
    },
  });

  api.get('/v1/facets', {
    schema: {
      tags: ['images'],
      summary: 'How many images there are by label, source, run and review state',
      querystring: filterSchema,
      response: { 200: facetsSchema, ...problems },
    },
    async handler({ query }) {
      const filter = await toImageFilter(query, context);
      return { model: answering, ...(await countFacets(database, model, { filter, countMax })) };
    },
  });
}
