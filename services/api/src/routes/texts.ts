import { cosinesTo } from '@tuhai/core/model/cosines';
import { addTexts, corpusTextsMax, countTexts, listCorpora, searchTexts } from '@tuhai/core/store/texts';
import { Type } from 'typebox';
import type { ApiContext } from '../api-context.js';
import { modelSchema, problems, text } from '../api-schemas.js';
import { Problem } from '../problem.js';
import { formAsBody, imageVector, queryImageFields, uploadField } from '../query-image.js';
import type { Api } from '../schema-validation.js';
import { neutralVector, textProbability } from '../text-probability.js';

const corpus = text({ minLength: 1, maxLength: 200, description: 'A name of your own for a set of texts' });
const k = Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000, default: 10 }));
const jsonQuery = Type.Object({ ...queryImageFields, corpus, k }, { additionalProperties: false });
const formQuery = Type.Object({ image: uploadField, corpus, k }, { additionalProperties: false });

const addBody = Type.Object(
  {
    corpus,
    texts: Type.Array(text({ minLength: 1, maxLength: 1_000 }), { minItems: 1, maxItems: 1_000 }),
  },
  { additionalProperties: false },
);

/** `GET|POST /v1/texts` and `POST /v1/search/texts`: corpora of texts, found by images. */
export function addTextRoutes(api: Api, context: ApiContext): void {
  const { database, model } = context;
  const answering = { name: model.name, fingerprint: model.fingerprint };

  api.get('/v1/texts', {
    schema: {
      tags: ['texts'],
      summary: 'Corpora of texts, and how many the model has embedded of each',
      response: {
        200: Type.Object({
          model: modelSchema,
          corpora: Type.Array(Type.Object({ corpus: Type.String(), texts: Type.Integer() })),
        }),
        ...problems,
      },
    },
    handler: async () => ({ model: answering, corpora: await listCorpora(database, model) }),
  });

  api.post('/v1/texts', {
    schema: {
      tags: ['texts'],
      summary: 'Add texts to a corpus; one that is there already stays as it is',
      body: addBody,
      response: {
        200: Type.Object({ model: modelSchema, added: Type.Integer(), known: Type.Integer() }),
        ...problems,
      },
    },
    async handler({ body }) {
      const texts = [...new Set(body.texts.map((one) => one.trim()))];
      if (texts.includes(''))
        throw new Problem('invalid_request', 'body/texts must hold more than white space');
      if ((await countTexts(database, model, body.corpus)) + texts.length > corpusTextsMax)
        throw new Problem('corpus_full', `A corpus holds at most ${corpusTextsMax} texts`);
      const { dimension } = model;
      const vectors = await context.embedTexts(texts);
      const entries = texts.map((one, i) => ({
        text: one,
        vector: vectors.slice(i * dimension, (i + 1) * dimension),
      }));
      const empty = entries.find(({ vector }) => vector.every((component) => component === 0));
      if (empty)
        throw new Problem(
          'text_not_understood',
          `${model.name} knows none of the words of ${JSON.stringify(empty.text)}`,
        );
      const added = await addTexts(database, model, { corpus: body.corpus, entries });
      return { model: answering, added, known: texts.length - added };
    },
  });

  api.post('/v1/search/texts', {
    config: { scope: 'read' },
    schema: {
      tags: ['search'],
      summary: 'The texts of a corpus nearest to an uploaded picture or a stored image',
      body: {
        content: { 'application/json': { schema: jsonQuery }, 'multipart/form-data': { schema: formQuery } },
      },
      response: {
        200: Type.Object({
          model: modelSchema,
          hits: Type.Array(
            Type.Object({
              text: Type.String(),
              cosine: Type.Number(),
              probability: Type.Union([Type.Number(), Type.Null()]),
            }),
          ),
        }),
        ...problems,
      },
    },
    preValidation: formAsBody(context),
    async handler(request) {
      const query = request.body as { corpus: string; k?: number; imageId?: number; image?: unknown };
      const vector = await imageVector(query, context);
      const hits = await searchTexts(database, model, { corpus: query.corpus, vector, k: query.k ?? 10 });
      const neutral = await neutralVector(context);
      const toNeutral = neutral ? (cosinesTo(vector, neutral)[0] as number) : null;
      return {
        model: answering,
        hits: hits.map((hit) => ({
          ...hit,
          probability: textProbability(hit.cosine, toNeutral, context.bundle),
        })),
      };
    },
  });
}
