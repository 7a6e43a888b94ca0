import { Type } from 'typebox';
import type { ApiContext } from '../api-context.js';
import { imageId, modelSchema, predictionSchema, problems, timestamp } from '../api-schemas.js';
import { getImage, getPredictions, type StoredImage } from '@tuhai/core/store/get-image';
import { Problem } from '../problem.js';
import type { Api } from '../schema-validation.js';

export const thumbnailPath = (id: number): string => `/v1/images/${id}/thumbnail`;

const params = Type.Object({ id: imageId });

const imageSchema = Type.Object({
  id: Type.Integer(),
  source: Type.String(),
  key: Type.String(),
  etag: Type.String({ description: 'Of what was embedded last' }),
  sizeBytes: Type.Integer(),
  width: Type.Union([Type.Integer(), Type.Null()]),
  height: Type.Union([Type.Integer(), Type.Null()]),
  format: Type.Union([Type.String(), Type.Null()]),
  firstSeenAt: timestamp,
  retiredAt: Type.Union([timestamp, Type.Null()], { description: 'Since when it is out of every search' }),
  thumbnail: Type.String(),
  model: modelSchema,
  predictions: Type.Array(
    Type.Object({
      labelSet: Type.String(),
      version: Type.String(),
      predictions: Type.Array(predictionSchema),
    }),
    { description: 'By label set, the newest first' },
  ),
});

/** `GET /v1/images/{id}` and its `/thumbnail`. */
export function addImageRoutes(api: Api, context: ApiContext): void {
  const { database, model, thumbnails } = context;

  const find = async (id: number): Promise<StoredImage> => {
    const image = await getImage(database, id);
    if (!image) throw new Problem('image_not_found', `There is no image ${id}`);
    return image;
  };

  api.get('/v1/images/:id', {
    schema: {
      tags: ['images'],
      summary: 'An image and its predictions',
      params,
      response: { 200: imageSchema, ...problems },
    },
    async handler(request) {
      const image = await find(request.params.id);
      const predictions = await getPredictions(database, { imageId: image.id, modelId: model.id });
      return {
        ...image,
        firstSeenAt: image.firstSeenAt.toISOString(),
        retiredAt: image.retiredAt?.toISOString() ?? null,
        thumbnail: thumbnailPath(image.id),
        model: { name: model.name, fingerprint: model.fingerprint },
        predictions,
      };
    },
  });

  api.get('/v1/images/:id/thumbnail', {
    schema: {
      tags: ['images'],
      summary: 'A small picture of an image, WebP, made from the source',
      params,
      response: { 200: thumbnailSchema, 304: Type.Null({ description: 'Not changed' }), ...problems },
    },
    async handler(request, reply) {
      const image = await find(request.params.id);
      const tag = thumbnails.tagOf(image);
      // Asked again only now and then: an image changes seldom, and its address stays the same when it does.
      const caching = { etag: tag, 'cache-control': 'private, max-age=300' };
      if (request.headers['if-none-match']?.includes(tag)) return reply.headers(caching).code(304).send(null);
      const { webp, isCurrent } = await thumbnails.get(image);
      // Otherwise the source holds something newer than what was embedded.
      void reply.headers(isCurrent ? caching : { 'cache-control': 'no-store' });
      return reply.type('image/webp').send(webp);
    },
  });
}

const thumbnailSchema = {
  description: 'At most 320 pixels on each side',
  content: { 'image/webp': { schema: Type.Unsafe<Uint8Array>({ contentMediaType: 'image/webp' }) } },
};
