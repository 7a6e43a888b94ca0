import { embedLabels } from '@tuhai/core/labels/embed-labels';
import { probabilitiesOf } from '@tuhai/core/labels/probabilities';
import { openLabelScorer } from '@tuhai/core/labels/score-labels';
import { cosinesTo } from '@tuhai/core/model/cosines';
import { findLabelSet, parseLabelSetName } from '@tuhai/core/store/find-label-sets';
import { Type } from 'typebox';
import type { ApiContext } from '../api-context.js';
import { imageId, labelSetName, modelSchema, predictionSchema, problems, text } from '../api-schemas.js';
import { labelSetInput, readLabelSet } from '../label-set-input.js';
import { Problem } from '../problem.js';
import { formAsBody, imageVector, queryImageFields, storedVector, uploadField } from '../query-image.js';
import type { Api } from '../schema-validation.js';

const draftTextsMax = 2_000;

const labels = {
  labelSet: Type.Optional(labelSetName('A stored label set')),
  draft: Type.Optional(labelSetInput),
};
const jsonBody = Type.Object({ ...queryImageFields, ...labels }, { additionalProperties: false });
const formBody = Type.Object({ image: uploadField, ...labels }, { additionalProperties: false });
type ClassifyBody = { imageId?: number; image?: unknown; labelSet?: string; draft?: string | object };

const similarityBody = Type.Object(
  {
    imageIds: Type.Array(imageId, { minItems: 1, maxItems: 100 }),
    texts: Type.Array(text({ minLength: 1, maxLength: 1_000 }), { minItems: 1, maxItems: 100 }),
  },
  { additionalProperties: false },
);

const matrix = (description: string) => Type.Array(Type.Array(Type.Number()), { description });

/** `POST /v1/classify` and `POST /v1/similarity`. */
export function addScoringRoutes(api: Api, context: ApiContext): void {
  const { database, model, bundle } = context;
  const answering = { name: model.name, fingerprint: model.fingerprint };

  api.post('/v1/classify', {
    config: { scope: 'read' },
    schema: {
      tags: ['labels'],
      summary: 'Labels of an uploaded picture or a stored image, by a stored label set or a draft',
      body: {
        content: { 'application/json': { schema: jsonBody }, 'multipart/form-data': { schema: formBody } },
      },
      response: {
        200: Type.Object({
          model: modelSchema,
          labelSet: Type.Object({ name: Type.String(), version: Type.String() }),
          predictions: Type.Array(predictionSchema),
        }),
        ...problems,
      },
    },
    preValidation: formAsBody(context),
    async handler(request) {
      const body = request.body as ClassifyBody;
      const { labelSet, labelMatrix } = await labelsOf(body, context);
      const images = await imageVector(body, context);
      const scorer = await openLabelScorer({
        labelSet,
        labels: labelMatrix,
        model: bundle,
        intraOpThreads: 1,
      });
      const [predictions = []] = await scorer.score(images).finally(() => scorer.release());
      return { model: answering, labelSet: { name: labelSet.name, version: labelSet.version }, predictions };
    },
  });

  api.post('/v1/similarity', {
    config: { scope: 'read' },
    schema: {
      tags: ['labels'],
      summary: 'Every stored image against every text',
      body: similarityBody,
      response: {
        200: Type.Object({
          model: modelSchema,
          cosines: matrix('A row an image, a column a text'),
          probabilities: matrix('Softmax over the texts of each image; of a SigLIP model, each on its own'),
        }),
        ...problems,
      },
    },
    async handler({ body: { imageIds, texts } }) {
      const rows = await context.embedTexts(texts);
      const vectors = await Promise.all(
        [...new Set(imageIds)].map(async (id) => [id, await storedVector(id, context)] as const),
      );
      const byId = new Map(vectors);
      const cosines = imageIds.map((id) => cosinesTo(byId.get(id) as Float32Array, rows));
      const mode = bundle.scoring === 'sigmoid' ? 'multi' : 'single';
      const { logitScale, logitBias, scoring } = bundle;
      const options = { mode, logitScale, logitBias, scoring } as const;
      return {
        model: answering,
        cosines: cosines.map((row) => [...row]),
        probabilities: cosines.map((row) => [...probabilitiesOf(row, options)]),
      };
    },
  });

  async function labelsOf({ labelSet: name, draft }: ClassifyBody, { embedTexts }: ApiContext) {
    if ((name === undefined) === (draft === undefined))
      throw new Problem('invalid_request', 'body must have exactly one of labelSet and draft');
    if (draft !== undefined) {
      const labelSet = readLabelSet(draft, draftTextsMax);
      return { labelSet, labelMatrix: await embedLabels(labelSet, { embed: embedTexts }) };
    }
    const found = await findLabelSet(database, parseLabelSetName(name as string));
    if (!found) throw new Problem('label_set_not_found', `There is no label set ${name}`);
    const labelMatrix = await embedLabels(found.definition, { embed: embedTexts });
    return { labelSet: found.definition, labelMatrix };
  }
}
