import type { Prediction } from '../labels/score-labels.js';
import type { ExportContext, ExportedImage } from './exported-image.js';
import { imageUrl } from './image-url.js';
import { jsonList } from './json-list.js';
import { shortFloats } from './write-jsonl.js';

/**
 * `samples.json` of a FiftyOneDataset (`fiftyone.types.FiftyOneDataset`), as its exporter writes it without media: one
 * document a sample, in MongoDB's extended JSON. `prediction` is the best label, `predictions` are all of them.
 */
export const writeFiftyoneSamples = (
  pages: AsyncIterable<ExportedImage[]>,
  context: ExportContext,
): AsyncGenerator<string> =>
  jsonList(pages, (image) => sample(image, context), { before: '{"samples": [', after: ']}\n' });

function sample(image: ExportedImage, context: ExportContext): object {
  const { imageId, source, key, etag, sizeBytes, width, height, format, predictions, truth, embedding } =
    image;
  const [best] = predictions;
  return {
    _id: objectId(imageId, 0),
    filepath: imageUrl(image, context.urlTemplate),
    tags: image.decision ? [image.decision.action] : [],
    metadata: {
      _cls: 'ImageMetadata',
      size_bytes: sizeBytes,
      mime_type: format && `image/${format}`,
      width,
      height,
    },
    _media_type: 'image',
    // Its shuffles sort by this.
    _rand: (imageId * 0.618_033_988_749_895) % 1,
    prediction: best ? classification(best, imageId) : null,
    predictions: classifications(predictions.map((prediction) => classification(prediction, imageId))),
    truth: truth && classifications(truth.map((label, i) => ({ ...blank(imageId, 0x8000 + i), label }))),
    image_id: imageId,
    source,
    key,
    etag,
    ...(embedding && { embedding: shortFloats(embedding) }),
  };
}

const classifications = (list: object[]): object => ({ _cls: 'Classifications', classifications: list });

const classification = ({ label, probability, cosine, rank }: Prediction, imageId: number): object => ({
  ...blank(imageId, rank),
  label,
  confidence: probability,
  cosine,
});

const blank = (imageId: number, part: number): object => ({
  _id: objectId(imageId, part),
  _cls: 'Classification',
  tags: [],
});

/** 12 bytes: the image's id, and which of its documents. */
const objectId = (imageId: number, part: number): object => ({
  $oid: imageId.toString(16).padStart(16, '0') + part.toString(16).padStart(8, '0'),
});

/** Oldest version whose documents look like this; newer ones migrate it when they load it. */
const fiftyoneVersion = '1.0.0';

/** `metadata.json` of the same dataset. */
export function fiftyoneMetadata({ model, labelSet, vectors }: ExportContext): string {
  const fields = [
    field('id', 'ObjectIdField', { db_field: '_id' }),
    field('filepath', 'StringField'),
    field('tags', 'ListField', { subfield: 'fiftyone.core.fields.StringField' }),
    embedded('metadata', 'fiftyone.core.metadata.ImageMetadata', [
      field('size_bytes', 'IntField'),
      field('mime_type', 'StringField'),
      field('width', 'IntField'),
      field('height', 'IntField'),
    ]),
    field('created_at', 'DateTimeField', { read_only: true }),
    field('last_modified_at', 'DateTimeField', { read_only: true }),
    embedded('prediction', 'fiftyone.core.labels.Classification', classificationFields()),
    embedded('predictions', 'fiftyone.core.labels.Classifications', [classificationList()]),
    embedded('truth', 'fiftyone.core.labels.Classifications', [classificationList()]),
    field('image_id', 'IntField'),
    ...['source', 'key', 'etag'].map((name) => field(name, 'StringField')),
    ...(vectors ? [field('embedding', 'ListField', { subfield: 'fiftyone.core.fields.FloatField' })] : []),
  ];
  return `${JSON.stringify({
    version: fiftyoneVersion,
    media_type: 'image',
    info: {
      model: model.name,
      fingerprint: model.fingerprint,
      labelSet: labelSet && `${labelSet.name} ${labelSet.version}`,
    },
    default_classes: labelSet?.labels.map(({ name }) => name) ?? [],
    sample_fields: fields,
    frame_fields: [],
    saved_views: [],
    workspaces: [],
    annotation_runs: {},
    brain_methods: {},
    evaluations: {},
    runs: {},
  })}\n`;
}

const field = (name: string, type: string, other: object = {}): object => ({
  name,
  ftype: `fiftyone.core.fields.${type}`,
  embedded_doc_type: null,
  subfield: null,
  fields: [],
  db_field: name,
  description: null,
  info: null,
  read_only: false,
  created_at: null,
  ...other,
});

const embedded = (name: string, document: string, fields: object[]): object =>
  field(name, 'EmbeddedDocumentField', { embedded_doc_type: document, fields });

const classificationFields = (): object[] => [
  field('id', 'ObjectIdField', { db_field: '_id' }),
  field('tags', 'ListField', { subfield: 'fiftyone.core.fields.StringField' }),
  field('label', 'StringField'),
  field('confidence', 'FloatField'),
  field('cosine', 'FloatField'),
];

const classificationList = (): object =>
  field('classifications', 'ListField', {
    subfield: 'fiftyone.core.fields.EmbeddedDocumentField',
    embedded_doc_type: 'fiftyone.core.labels.Classification',
    fields: classificationFields(),
  });
