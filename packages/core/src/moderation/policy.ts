import type { Action } from './decide.js';

/** What makes a rule match. All conditions that are given must hold, for one and the same label. */
export interface Rule {
  action: Action;
  /** Any of them. */
  labels: string[];
  probabilityMin?: number;
  cosineMin?: number;
  /** Probability above the best label that the rule does not name. */
  marginMin?: number;
}

/** A versioned file of rules that turn predictions into pass, review or block. */
export interface Policy {
  name: string;
  /** The label set whose predictions it reads, by name. */
  labelSet: string;
  /** Which of the rules that match decides: the strictest, or the first in the file. */
  match: 'strictest' | 'first';
  rules: Rule[];
  /** Where no rule matches. */
  default: Action;
  /** A share of the images with one of these actions that people look at all the same. */
  sample?: { share: number; of: Action[] };
  /** The first 12 hex digits of the sha256 of everything above. */
  version: string;
}
