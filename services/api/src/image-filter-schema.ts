import { findAppliedLabelSet, parseLabelSetName } from '@tuhai/core/store/find-label-sets';
import { reviewStates, type ImageFilter } from '@tuhai/core/store/image-filter';
import { Type, type Static } from 'typebox';
import type { ApiContext } from './api-context.js';
import { keyLengthMax, labelSetName, text } from './api-schemas.js';
import { Problem } from './problem.js';

const probability = (description: string) =>
  Type.Optional(Type.Number({ minimum: 0, maximum: 1, description }));
const cosine = (description: string) => Type.Optional(Type.Number({ minimum: -1, maximum: 1, description }));
const time = (description: string) => Type.Optional(Type.String({ format: 'date-time', description }));

/** What narrows a search, a list, facets: all that is given must hold. The same names in JSON and in an address. */
export const filterFields = {
  prefix: Type.Optional(text({ maxLength: keyLengthMax, description: 'Keys that start with this' })),
  source: Type.Optional(text({ maxLength: keyLengthMax, description: "A source's uri, as runs name it" })),
  run: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 2 ** 31 - 1, description: 'Images this run embedded' }),
  ),
  labelSet: Type.Optional(labelSetName('Images that this label set was applied to')),
  label: Type.Optional(
    text({
      maxLength: 1_000,
      description: 'Images with this label among their predictions, of `labelSet` or else of any',
    }),
  ),
  rankMax: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 10_000, description: 'Of that label; 1: it is the best one' }),
  ),
  probabilityMin: probability('Of that label'),
  probabilityMax: probability('Of that label'),
  cosineMin: cosine('Of that label'),
  cosineMax: cosine('Of that label'),
  reviewState: Type.Optional(
    Type.Enum([...reviewStates], {
      description:
        'Waits in a review queue; the newest verdict; labelled by people without a verdict; or none of these',
    }),
  ),
  embeddedSince: time('Embedded at this time or later'),
  embeddedBefore: time('Embedded before this time'),
};

export const filterSchema = Type.Object(filterFields, { additionalProperties: false });

/**
 * The store's filter for a client's.
 * @throws {Problem} for a label set that no image of the model has predictions of, or a time that is none
 */
export async function toImageFilter(
  filter: Static<typeof filterSchema>,
  { database, model }: Pick<ApiContext, 'database' | 'model'>,
): Promise<ImageFilter> {
  const { labelSet, embeddedSince, embeddedBefore, ...same } = filter;
  return {
    ...same,
    ...(embeddedSince !== undefined && { embeddedSince: toDate(embeddedSince) }),
    ...(embeddedBefore !== undefined && { embeddedBefore: toDate(embeddedBefore) }),
    ...(labelSet !== undefined && { labelSetId: await appliedLabelSet(labelSet, { database, model }) }),
  };
}

async function appliedLabelSet(
  reference: string,
  { database, model }: Pick<ApiContext, 'database' | 'model'>,
): Promise<number> {
  const id = await findAppliedLabelSet(database, { ...parseLabelSetName(reference), modelId: model.id });
  if (id !== undefined) return id;
  throw new Problem(
    'label_set_not_found',
    `No image has predictions of a label set ${reference} by ${model.name}`,
  );
}

/** What a schema takes for a time may still be none, or one that Postgres does not know. */
function toDate(written: string): Date {
  const date = new Date(written);
  const year = date.getUTCFullYear();
  if (year >= 1 && year <= 9999) return date;
  throw new Problem('invalid_request', `${written} is no time between the years 1 and 9999`);
}
