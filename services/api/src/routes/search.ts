import { hitsMax, searchImages } from '@tuhai/core/store/search-images';
import { Type, type Static } from 'typebox';
import type { ApiContext } from '../api-context.js';
import { imageId, modelSchema, problems, text } from '../api-schemas.js';
import { filterSchema, toImageFilter } from '../image-filter-schema.js';
import { Problem } from '../problem.js';
import { formAsBody, storedVector } from '../query-image.js';
import type { Api } from '../schema-validation.js';
import { neutralVector, textProbability } from '../text-probability.js';
import { thumbnailPath } from './images.js';

const hitsDefault = 10;
/** A model reads some 50 tokens of a text; more than this is no query. */
const textLengthMax = 1_000;
const dimensionMax = 16_000;

const options = {
  k: Type.Optional(Type.Integer({ minimum: 1, maximum: hitsMax, default: hitsDefault })),
  filter: Type.Optional(filterSchema),
  exact: Type.Optional(
    Type.Boolean({ default: false, description: 'Look at every image, without the index' }),
  ),
};

const querySchema = Type.Object(
  {
    text: Type.Optional(text({ minLength: 1, maxLength: textLengthMax, description: 'Best in Chinese' })),
    imageId: Type.Optional(imageId),
    vector: Type.Optional(Type.Array(Type.Number(), { minItems: 1, maxItems: dimensionMax })),
    ...options,
  },
  { additionalProperties: false, description: 'Exactly one of text, imageId and vector' },
);

const formSchema = Type.Object(
  {
    image: Type.Unsafe<unknown>({ contentMediaType: 'image/*', description: 'A picture, as a file' }),
    ...options,
  },
  { additionalProperties: false, required: ['image'], description: '`filter` as JSON' },
);

const answerSchema = Type.Object({
  model: modelSchema,
  hits: Type.Array(
    Type.Object({
      imageId: Type.Integer(),
      source: Type.String(),
      key: Type.String(),
      cosine: Type.Number({ description: 'From −1 to 1; the nearest hit comes first' }),
      probability: Type.Union([Type.Number(), Type.Null()], {
        description:
          'That the text fits the image better than a text that says nothing; null unless a text was asked for',
      }),
      thumbnail: Type.String({ description: 'Path of a small picture' }),
    }),
  ),
});

type Query = Static<typeof querySchema>;

/** `POST /v1/search`: the images nearest to a text, an uploaded picture, a stored image or a vector. */
export function addSearchRoute(api: Api, context: ApiContext): void {
  const schema = {
    tags: ['search'],
    summary: 'The images nearest to a text, an uploaded picture, a stored image or a vector',
    body: {
      content: { 'application/json': { schema: querySchema }, 'multipart/form-data': { schema: formSchema } },
    },
    response: { 200: answerSchema, ...problems },
  };
  api.post('/v1/search', {
    config: { scope: 'read' },
    schema,
    preValidation: formAsBody(context),
    async handler(request) {
      const query = request.body as Query & { image?: unknown };
      const vector = await queryVector(query, context);
      const against = query.text === undefined ? undefined : await neutralVector(context);
      const hits = await searchImages(context.database, context.model, {
        vector,
        k: query.k ?? hitsDefault,
        ...(query.filter && { filter: await toImageFilter(query.filter, context) }),
        ...(against && { against }),
        ...(query.exact && { exact: true }),
        // The image itself would be its own best hit.
        ...(query.imageId !== undefined && { exceptImageId: query.imageId }),
      });
      const { name, fingerprint } = context.model;
      return {
        model: { name, fingerprint },
        hits: hits.map(({ imageId: id, source, key, cosine, cosineAgainst }) => ({
          imageId: id,
          source,
          key,
          cosine,
          probability:
            query.text === undefined ? null : textProbability(cosine, cosineAgainst, context.bundle),
          thumbnail: thumbnailPath(id),
        })),
      };
    },
  });
}

async function queryVector(query: Query & { image?: unknown }, context: ApiContext): Promise<Float32Array> {
  const given = (['text', 'imageId', 'vector', 'image'] as const).filter(
    (field) => query[field] !== undefined,
  );
  if (given.length !== 1) {
    const found = given.length === 0 ? 'none' : given.join(', ');
    throw new Problem(
      'invalid_request',
      `body must have exactly one of text, imageId, vector, image; it has ${found}`,
    );
  }
  if (query.text !== undefined) return textVector(query.text, context);
  if (query.vector !== undefined) return scaled(query.vector);
  if (query.imageId !== undefined) return storedVector(query.imageId, context);
  if (query.image instanceof Uint8Array) return context.embedImage(query.image);
  throw new Problem('invalid_request', 'body/image must be a file');
}

async function textVector(queryText: string, { embedTexts, model }: ApiContext): Promise<Float32Array> {
  if (queryText.trim() === '')
    throw new Problem('invalid_request', 'body/text must hold more than white space');
  const vector = await embedTexts([queryText.trim()]);
  // A small model may know not one token of the text.
  if (vector.some((component) => component !== 0)) return vector;
  throw new Problem('invalid_request', `body/text says nothing to ${model.name}: it knows none of its words`);
}

/** Only its direction counts; scaled, no component leaves the range of float32. */
function scaled(vector: readonly number[]): Float32Array {
  const largest = vector.reduce((max, component) => Math.max(max, Math.abs(component)), 0);
  return Float32Array.from(vector, (component) => (largest === 0 ? 0 : component / largest));
}
