export const actions = ['pass', 'review', 'block'] as const;
export type Action = (typeof actions)[number];

/** Why a decision fell so. */
export interface Reason {
  action: Action;
  /** What matched, in words. */
  rule: string;
  label?: string;
  cosine?: number;
  probability?: number;
}

/** What a policy says of one image. */
export interface Decision {
  action: Action;
  /** Picked for quality control, whatever the action. */
  sampled: boolean;
  reasons: Reason[];
}
