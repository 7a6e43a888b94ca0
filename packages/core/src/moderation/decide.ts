import { createHash } from 'node:crypto';
import type { Prediction } from '../labels/score-labels.js';
import type { Policy, Rule } from './policy.js';

/** From the mildest to the strictest. */
export const actions = ['pass', 'review', 'block'] as const;
export type Action = (typeof actions)[number];

/** Why a decision fell so: a rule of the policy that matched, counted from 1, and by which label. */
export interface Reason {
  action: Action;
  rule: number;
  label: string;
  cosine: number;
  probability: number;
}

/** What a policy says of one image. */
export interface Decision {
  action: Action;
  /** Picked for quality control, whatever the action. */
  sampled: boolean;
  /** Every rule that matched, in the policy's order; empty where the default holds. */
  reasons: Reason[];
}

/** @param image by source and key it is picked for the sample, or not: the same on every run */
export function decide(
  policy: Policy,
  image: { source: string; key: string; predictions: readonly Prediction[] },
): Decision {
  const reasons = policy.rules.flatMap((rule, i) => {
    const match = firstMatch(rule, image.predictions);
    if (!match) return [];
    const { label, cosine, probability } = match;
    return [{ action: rule.action, rule: i + 1, label, cosine, probability }];
  });
  const action = actionOf(policy, reasons);
  const sampled = policy.sample?.of.includes(action) === true && shareOf(policy, image) < policy.sample.share;
  return { action, sampled, reasons };
}

function actionOf(policy: Policy, reasons: readonly Reason[]): Action {
  const [first] = reasons;
  if (!first) return policy.default;
  if (policy.match === 'first') return first.action;
  return actions.findLast((action) => reasons.some((reason) => reason.action === action)) ?? first.action;
}

function firstMatch(rule: Rule, predictions: readonly Prediction[]): Prediction | undefined {
  const { labels, probabilityMin = 0, cosineMin = -1, marginMin = -1 } = rule;
  const others = predictions.filter(({ label }) => !labels.includes(label));
  const best = others.reduce((max, { probability }) => Math.max(max, probability), 0);
  return predictions.find(
    ({ label, probability, cosine }) =>
      labels.includes(label) &&
      probability >= probabilityMin &&
      cosine >= cosineMin &&
      probability - best >= marginMin,
  );
}

/** From 0 to 1, evenly over images, and another one for each policy. */
function shareOf({ name }: Policy, { source, key }: { source: string; key: string }): number {
  const hash = createHash('sha256').update([name, source, key].join('\0')).digest();
  return hash.readUIntBE(0, 6) / 2 ** 48;
}
