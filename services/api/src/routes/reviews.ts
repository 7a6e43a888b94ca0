import { addReview } from '@tuhai/core/store/add-review';
import { findLabelSet } from '@tuhai/core/store/find-label-sets';
import {
  claimReviewItems,
  decideReviewItem,
  holdReviewItem,
  listReviewItems,
  ReviewConflict,
  reviewStates,
  undoReviewItem,
  type ReviewItem,
  type ReviewWords,
} from '@tuhai/core/store/review-items';
import type { FastifyRequest } from 'fastify';
import { Type, type Static } from 'typebox';
import type { ApiContext } from '../api-context.js';
import { imageId, nextCursor, pageQuery, problems, text, timestamp } from '../api-schemas.js';
import { cutPage, decodeCursor } from '../page-cursor.js';
import { Problem } from '../problem.js';
import type { Api } from '../schema-validation.js';
import { thumbnailPath } from './images.js';

const name = (description: string) => Type.Optional(text({ minLength: 1, maxLength: 200, description }));
const queue = name('Of a policy, by its name');
const reviewer = name('Who says so. Default: the name of the key');
const nullable = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) =>
  Type.Union([schema, Type.Null()]);
const verdict = Type.Enum(['pass', 'block']);

const itemSchema = Type.Object({
  id: Type.Integer(),
  queue: Type.String(),
  imageId: Type.Integer(),
  source: Type.String(),
  key: Type.String(),
  thumbnail: Type.String(),
  labelSet: nullable(
    Type.String({ description: "To choose labels from: the policy's, or else the image's newest" }),
  ),
  reason: Type.Enum(['policy', 'sample', 'manual']),
  priority: Type.Integer({ description: 'The highest comes first' }),
  state: Type.Enum([...reviewStates]),
  claimedBy: nullable(Type.String()),
  claimExpiresAt: nullable(timestamp),
  decision: nullable(
    Type.Object({
      action: Type.Enum(['pass', 'review', 'block']),
      reasons: Type.Array(
        Type.Object({
          action: Type.String(),
          rule: Type.Integer({ description: 'Of the policy, counted from 1' }),
          label: Type.String(),
          cosine: Type.Number(),
          probability: Type.Number(),
        }),
      ),
    }),
  ),
  review: nullable(
    Type.Object({
      id: Type.Integer(),
      reviewer: Type.String(),
      verdict: nullable(verdict),
      labels: nullable(Type.Array(Type.String())),
      comment: Type.String(),
    }),
  ),
});

/** Of a claim. */
const secondsDefault = 300;

const words = {
  reviewer,
  verdict: Type.Optional(verdict),
  labelSet: name('The label set that the labels are of; its newest version'),
  labels: Type.Optional(
    Type.Array(text({ maxLength: 200 }), {
      maxItems: 1000,
      description: 'Those that fit; all others do not',
    }),
  ),
  comment: Type.Optional(text({ maxLength: 10_000 })),
};
const wordsSchema = Type.Object(words, { additionalProperties: false });
type Words = Static<typeof wordsSchema>;

const seconds = Type.Optional(Type.Integer({ minimum: 1, maximum: 86_400, default: secondsDefault }));
const params = Type.Object({ id: imageId });
const closed = { additionalProperties: false };
const itemsSchema = Type.Object({ items: Type.Array(itemSchema) });

/** `GET|POST /v1/reviews`, `POST /v1/reviews/claim`, `/v1/reviews/{id}/claim`, `/v1/reviews/{id}/decision` and `/v1/reviews/{id}/undo`. */
export function addReviewRoutes(api: Api, { database }: ApiContext): void {
  api.get('/v1/reviews', {
    schema: {
      tags: ['reviews'],
      summary: 'Items of the review queues',
      querystring: Type.Object(
        { ...pageQuery.properties, queue, state: Type.Optional(Type.Enum([...reviewStates])) },
        closed,
      ),
      response: { 200: Type.Interface([itemsSchema], { nextCursor }), ...problems },
    },
    async handler({ query: { limit = 50, cursor, ...filter } }) {
      const after = cursor === undefined ? {} : { afterId: decodeCursor(cursor, 'number') };
      const listed = await listReviewItems(database, { ...filter, limit: limit + 1, ...after });
      const { items, ...next } = cutPage(listed, limit, ({ id }) => id);
      return { items: items.map(toAnswer), ...next };
    },
  });

  api.post('/v1/reviews', {
    schema: {
      tags: ['reviews'],
      summary: 'Say what an image shows, outside of any queue',
      body: Type.Object({ imageId, ...words }, closed),
      response: { 201: Type.Object({ id: Type.Integer() }), ...problems },
    },
    async handler(request, reply) {
      const { imageId: id, ...said } = request.body;
      const review = await addReview(database, id, await checked(request, said));
      if (review === undefined) throw new Problem('image_not_found', `There is no image ${id}`);
      return reply.code(201).send({ id: review });
    },
  });

  api.post('/v1/reviews/claim', {
    schema: {
      tags: ['reviews'],
      summary: 'The next open items, for one person alone until the claim expires',
      body: Type.Object(
        {
          queue,
          reviewer,
          limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, default: 1 })),
          seconds,
        },
        closed,
      ),
      response: { 200: itemsSchema, ...problems },
    },
    async handler(request) {
      const { limit = 1, seconds: held = secondsDefault, queue: from } = request.body;
      const claimed = await claimReviewItems(database, {
        ...(from !== undefined && { queue: from }),
        reviewer: reviewerOf(request, request.body),
        limit,
        claimMs: held * 1_000,
      });
      return { items: claimed.map(toAnswer) };
    },
  });

  api.post('/v1/reviews/:id/claim', {
    schema: {
      tags: ['reviews'],
      summary: 'Hold an item for longer; 409 when somebody else has claimed or decided it',
      params,
      body: Type.Object({ reviewer, seconds }, closed),
      response: { 200: itemSchema, ...problems },
    },
    handler(request) {
      const { params: of, body } = request;
      const claimMs = (body.seconds ?? secondsDefault) * 1_000;
      return answerOf(
        of.id,
        holdReviewItem(database, of.id, { reviewer: reviewerOf(request, body), claimMs }),
      );
    },
  });

  api.post('/v1/reviews/:id/decision', {
    schema: {
      tags: ['reviews'],
      summary: 'Decide an item; 409 when somebody else has claimed or decided it',
      params,
      body: wordsSchema,
      response: { 200: itemSchema, ...problems },
    },
    async handler(request) {
      const { id } = request.params;
      const said = await checked(request, request.body);
      return answerOf(id, decideReviewItem(database, id, said));
    },
  });

  api.post('/v1/reviews/:id/undo', {
    schema: {
      tags: ['reviews'],
      summary: 'Take a decision back; what was said stays on record',
      params,
      body: Type.Object({ reviewer }, closed),
      response: { 200: itemSchema, ...problems },
    },
    handler: (request) =>
      answerOf(
        request.params.id,
        undoReviewItem(database, request.params.id, reviewerOf(request, request.body)),
      ),
  });

  async function checked(request: FastifyRequest, said: Words): Promise<ReviewWords> {
    const { labels, labelSet } = said;
    if (said.verdict === undefined && labels === undefined)
      throw new Problem('invalid_request', 'body must have a verdict, or labels');
    if ((labels === undefined) !== (labelSet === undefined))
      throw new Problem('invalid_request', 'body/labels and body/labelSet go together');
    if (labels && labelSet !== undefined) await checkLabels(labels, labelSet);
    return { ...said, reviewer: reviewerOf(request, said) };
  }

  async function checkLabels(labels: readonly string[], labelSet: string): Promise<void> {
    const stored = await findLabelSet(database, { name: labelSet });
    if (!stored) throw new Problem('label_set_not_found', `There is no label set ${labelSet}`);
    const known = new Set(stored.definition.labels.map((label) => label.name));
    const unknown = labels.filter((label) => !known.has(label));
    if (unknown.length > 0)
      throw new Problem('invalid_request', `body/labels: ${labelSet} has no ${unknown.join(', ')}`);
  }
}

const reviewerOf = (request: FastifyRequest, body: { reviewer?: string }): string =>
  body.reviewer ?? request.caller?.name ?? 'local';

async function answerOf(id: number, outcome: Promise<ReviewItem | undefined>) {
  const item = await outcome.catch((error: Error) => {
    if (error instanceof ReviewConflict)
      throw new Problem('review_conflict', error.message, { cause: error });
    throw error;
  });
  if (!item) throw new Problem('review_not_found', `There is no review item ${id}`);
  return toAnswer(item);
}

const toAnswer = (item: ReviewItem) => ({
  ...item,
  thumbnail: thumbnailPath(item.imageId),
  claimExpiresAt: item.claimExpiresAt?.toISOString() ?? null,
});
