import { createHash } from 'node:crypto';
import { LineCounter, parseDocument } from 'yaml';
import type { LabelSet } from '../labels/label-set.js';
import { YamlCursor } from '../labels/yaml-cursor.js';
import { canonicalJson } from '../model/canonical-json.js';
import { UsageError } from '../usage-error.js';
import { actions, type Action } from './decide.js';

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

/**
 * Reads a policy file, YAML or JSON.
 * @throws {UsageError} naming file:line:column
 */
export function parsePolicy(text: string, fileName: string): Policy {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  const fail = (message: string, offset = 0): never => {
    const { line, col } = lines.linePos(offset);
    throw new UsageError(`${fileName}:${line}:${col}: ${message}`);
  };
  const [error] = document.errors;
  if (error) fail(error.message, error.pos[0]);
  const root = new YamlCursor(document, [], fail);
  root.fields(['name', 'labelSet', 'match', 'rules', 'default', 'sample']);
  const sample = root.at('sample').optional();
  sample?.fields(['share', 'of']);
  const content = {
    name: root.at('name').text(),
    labelSet: root.at('labelSet').text(),
    match: root.at('match').optional()?.oneOf(['strictest', 'first']) ?? 'strictest',
    rules: root.at('rules').items().map(readRule),
    default: root.at('default').optional()?.oneOf(actions) ?? 'pass',
    ...(sample && {
      sample: {
        share: sample.at('share').number({ min: 0, max: 1, whole: false }),
        of: sample
          .at('of')
          .optional()
          ?.items()
          .map((item) => item.oneOf(actions)) ?? ['pass' as const],
      },
    }),
  };
  const version = createHash('sha256').update(canonicalJson(content)).digest('hex').slice(0, 12);
  return { ...content, version };
}

function readRule(cursor: YamlCursor): Rule {
  cursor.fields(['action', 'labels', 'probability', 'cosine', 'margin']);
  const bound = (field: string, min: number) =>
    cursor.at(field).optional()?.number({ min, max: 1, whole: false });
  const [probabilityMin, cosineMin, marginMin] = [
    bound('probability', 0),
    bound('cosine', -1),
    bound('margin', -1),
  ];
  if (probabilityMin === undefined && cosineMin === undefined && marginMin === undefined)
    cursor.fail(`${cursor.title} has no bound: give probability, cosine or margin`);
  return {
    action: cursor.at('action').oneOf(actions),
    labels: cursor.at('labels').texts(),
    ...(probabilityMin !== undefined && { probabilityMin }),
    ...(cosineMin !== undefined && { cosineMin }),
    ...(marginMin !== undefined && { marginMin }),
  };
}

/**
 * Holds a policy to the label set that it is to read.
 * @throws {UsageError} for labels that the set does not have, or that it may not keep predictions of
 */
export function checkPolicyLabels(policy: Policy, labelSet: LabelSet): void {
  const known = new Set(
    [...labelSet.labels, ...(labelSet.none ? [labelSet.none] : [])].map(({ name }) => name),
  );
  const unknown = policy.rules.flatMap(({ labels }) => labels).filter((label) => !known.has(label));
  if (unknown.length > 0)
    throw new UsageError(`Policy ${policy.name}: label set ${labelSet.name} has no ${unknown.join(', ')}`);
  if (labelSet.top < labelSet.labels.length) {
    throw new UsageError(
      `Policy ${policy.name} has to see every label of ${labelSet.name}, which keeps the best ${labelSet.top}: ` +
        `give it "top: ${labelSet.labels.length}" and label again`,
    );
  }
}
