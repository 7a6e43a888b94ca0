import { UsageError } from '../usage-error.js';
import type { StoredModel } from './register-model.js';

/** Narrows the images of one model. What is absent does not narrow; what is given holds together. */
export interface ImageFilter {
  /** Keys that start with this. */
  prefix?: string;
  /** Sources by their canonical uri. */
  source?: string;
  /** Images that this run embedded. */
  run?: number;
  /** Images that this label set was applied to. */
  labelSetId?: number;
  /** Images with this label among their stored predictions, of that label set or of any … */
  label?: string;
  /** … of at most this rank (1: it is the best label), and within these scores. */
  rankMax?: number;
  probabilityMin?: number;
  probabilityMax?: number;
  cosineMin?: number;
  cosineMax?: number;
  reviewState?: ReviewState;
  /** Embedded at this time or later, and before that one. */
  embeddedSince?: Date;
  embeddedBefore?: Date;
}

/**
 * How far people are with an image as it is now: it waits in a review queue; the newest verdict on it that is not
 * undone; it has labels of theirs but no verdict; or none of these.
 */
export const reviewStates = ['waiting', 'pass', 'block', 'labelled', 'none'] as const;
export type ReviewState = (typeof reviewStates)[number];

/** The review state of `i`, as an SQL expression. */
export const reviewStateOfImage = `CASE
  WHEN EXISTS (SELECT FROM review_items w WHERE w.image_id = i.id AND w.etag = i.etag AND w.review_id IS NULL) THEN 'waiting'
  ELSE coalesce((SELECT coalesce(r.verdict, 'labelled') FROM reviews r
                 WHERE r.image_id = i.id AND r.etag = i.etag AND r.undone_at IS NULL
                 ORDER BY r.verdict IS NULL, r.id DESC LIMIT 1), 'none') END`;

const ofLabel = ['rankMax', 'probabilityMin', 'probabilityMax', 'cosineMin', 'cosineMax'] as const;

/**
 * Conditions on `e` (the model's embeddings), `i` (images) and `s` (sources), to be joined with AND; retired images
 * are left out. Adds what it compares with to `values`.
 * @throws {UsageError} for a rank or score without a label
 */
export function filterConditions(model: StoredModel, filter: ImageFilter, values: unknown[]): string[] {
  const value = (v: unknown) => `$${values.push(v)}`;
  // In a model's partition all are of it, but only so is the primary key a way to an image's vector.
  const conditions = [`e.model_id = ${model.id}`, 'i.retired_at IS NULL'];
  if (filter.prefix !== undefined) conditions.push(`starts_with(i.key, ${value(filter.prefix)})`);
  if (filter.source !== undefined) conditions.push(`s.uri = ${value(filter.source)}`);
  if (filter.run !== undefined) conditions.push(`e.run_id = ${value(filter.run)}`);
  if (filter.reviewState !== undefined)
    conditions.push(`${reviewStateOfImage} = ${value(filter.reviewState)}`);
  if (filter.embeddedSince) conditions.push(`e.embedded_at >= ${value(filter.embeddedSince)}`);
  if (filter.embeddedBefore) conditions.push(`e.embedded_at < ${value(filter.embeddedBefore)}`);
  if (filter.label !== undefined || filter.labelSetId !== undefined) {
    conditions.push(
      `EXISTS (SELECT FROM predictions p WHERE ${predictionConditions(model, filter, value).join(' AND ')})`,
    );
  }
  if (filter.label === undefined && ofLabel.some((field) => filter[field] !== undefined)) {
    throw new UsageError('A range of ranks, probabilities or cosines goes with a label');
  }
  return conditions;
}

function predictionConditions(
  model: StoredModel,
  filter: ImageFilter,
  value: (v: unknown) => string,
): string[] {
  const conditions = ['p.image_id = e.image_id', `p.model_id = ${model.id}`];
  if (filter.labelSetId !== undefined) conditions.push(`p.label_set_id = ${value(filter.labelSetId)}`);
  if (filter.label === undefined) return [...conditions, 'p.rank = 1'];
  conditions.push(`p.label = ${value(filter.label)}`);
  for (const [field, comparison] of Object.entries(scoreComparisons)) {
    const bound = filter[field as keyof typeof scoreComparisons];
    if (bound === undefined) continue;
    conditions.push(`p.${comparison} ${value(field === 'rankMax' ? bound : Math.fround(bound))}`);
  }
  return conditions;
}

/** Compared as float4, as they are stored: a score read from an answer is within its own range. */
const scoreComparisons = {
  rankMax: 'rank <=',
  probabilityMin: 'probability >=',
  probabilityMax: 'probability <=',
  cosineMin: 'cosine >=',
  cosineMax: 'cosine <=',
} as const;
