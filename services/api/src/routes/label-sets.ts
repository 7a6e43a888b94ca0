import { embedLabels } from '@tuhai/core/labels/embed-labels';
import { findLabelSet, listLabelSets, parseLabelSetName } from '@tuhai/core/store/find-label-sets';
import { registerLabelSet } from '@tuhai/core/store/label-sets';
import { sampleVectors } from '@tuhai/core/store/sample-vectors';
import { Type } from 'typebox';
import type { ApiContext } from '../api-context.js';
import { labelSetName, modelSchema, nextCursor, pageQuery, problems, timestamp } from '../api-schemas.js';
import { filterSchema, toImageFilter } from '../image-filter-schema.js';
import { labelSetInput, readLabelSet } from '../label-set-input.js';
import { cutPage, decodeCursor } from '../page-cursor.js';
import { previewLabelSet } from '../preview-label-set.js';
import { Problem } from '../problem.js';
import type { Api } from '../schema-validation.js';
import { thumbnailPath } from './images.js';

/** Vectors that a preview scores, and prompts in templates that it embeds. */
const sampleSizeMax = 5_000;
const previewTextsMax = 2_000;

const listedLabelSet = Type.Object({
  name: Type.String(),
  version: Type.String({ description: 'Hash of its content' }),
  mode: Type.String(),
  language: Type.Union([Type.String(), Type.Null()]),
  labels: Type.Integer({ description: 'How many' }),
  isApplied: Type.Boolean({ description: 'Whether images have predictions of it by the model that answers' }),
  createdAt: timestamp,
});

const definition = Type.Object(
  {},
  { additionalProperties: true, description: 'As a label file, all defaults filled in' },
);

const previewBody = Type.Object(
  {
    labelSet: labelSetInput,
    filter: Type.Optional(filterSchema),
    hits: Type.Optional(
      Type.Integer({ minimum: 0, maximum: 50, default: 6, description: 'Images shown a label' }),
    ),
  },
  { additionalProperties: false },
);

const previewSchema = Type.Object({
  model: modelSchema,
  version: Type.String({ description: 'That the label set would be stored as' }),
  total: Type.Integer({ description: 'Images under the filter' }),
  scored: Type.Integer({
    description: `Those of them that were scored: all, or a sample of ${sampleSizeMax}`,
  }),
  labels: Type.Array(
    Type.Object({
      label: Type.String(),
      best: Type.Integer({ description: 'Scored images whose best label it is' }),
      confident: Type.Integer({ description: 'Those of them that reach its threshold' }),
      hits: Type.Array(
        Type.Object({
          imageId: Type.Integer(),
          key: Type.String(),
          cosine: Type.Number(),
          probability: Type.Number(),
          thumbnail: Type.String(),
        }),
        { description: 'Greatest probability first' },
      ),
    }),
  ),
});

/** `GET|POST /v1/label-sets`, `GET /v1/label-sets/{name}`, `POST /v1/label-sets/preview`. */
export function addLabelSetRoutes(api: Api, context: ApiContext): void {
  const { database, model } = context;

  api.get('/v1/label-sets', {
    schema: {
      tags: ['labels'],
      summary: 'Label sets, every version, the newest first',
      querystring: pageQuery,
      response: { 200: Type.Object({ labelSets: Type.Array(listedLabelSet), nextCursor }), ...problems },
    },
    async handler({ query: { limit = 50, cursor } }) {
      const before = cursor === undefined ? {} : { beforeId: decodeCursor(cursor, 'number') };
      const listed = await listLabelSets(database, { modelId: model.id, limit: limit + 1, ...before });
      const { items, ...next } = cutPage(listed, limit, ({ id }) => id);
      const labelSets = items.map((item) => ({ ...item, createdAt: item.createdAt.toISOString() }));
      return { labelSets, ...next };
    },
  });

  api.get('/v1/label-sets/:name', {
    schema: {
      tags: ['labels'],
      summary: 'A label set: its labels, prompts and templates',
      params: Type.Object({ name: labelSetName('A label set') }),
      response: {
        200: Type.Object({ name: Type.String(), version: Type.String(), createdAt: timestamp, definition }),
        ...problems,
      },
    },
    async handler({ params: { name } }) {
      const found = await findLabelSet(database, parseLabelSetName(name));
      if (!found) throw new Problem('label_set_not_found', `There is no label set ${name}`);
      const { version, ...content } = found.definition;
      return { name: content.name, version, createdAt: found.createdAt.toISOString(), definition: content };
    },
  });

  api.post('/v1/label-sets', {
    schema: {
      tags: ['labels'],
      summary: 'Store a label set; the same content is the same version',
      body: Type.Object({ labelSet: labelSetInput }, { additionalProperties: false }),
      response: {
        200: Type.Object({ name: Type.String(), version: Type.String(), labels: Type.Integer() }),
        ...problems,
      },
    },
    async handler({ body }) {
      const labelSet = readLabelSet(body.labelSet);
      await registerLabelSet(database, labelSet);
      const { name, version, labels } = labelSet;
      return { name, version, labels: labels.length };
    },
  });

  api.post('/v1/label-sets/preview', {
    config: { scope: 'read' },
    schema: {
      tags: ['labels'],
      summary: 'What a label set would say of stored images, before it is stored',
      body: previewBody,
      response: { 200: previewSchema, ...problems },
    },
    async handler({ body }) {
      const labelSet = readLabelSet(body.labelSet, previewTextsMax);
      const filter = await toImageFilter(body.filter ?? {}, context);
      const labels = await embedLabels(labelSet, { embed: context.embedTexts });
      const sample = await sampleVectors(database, model, { filter, sizeMax: sampleSizeMax });
      const previews = await previewLabelSet(sample, {
        labelSet,
        labels,
        model: context.bundle,
        hitsMax: body.hits ?? 6,
      });
      return {
        model: { name: model.name, fingerprint: model.fingerprint },
        version: labelSet.version,
        total: sample.total,
        scored: sample.imageIds.length,
        labels: previews.map(({ hits, ...preview }) => ({
          ...preview,
          hits: hits.map((hit) => ({ ...hit, thumbnail: thumbnailPath(hit.imageId) })),
        })),
      };
    },
  });
}
