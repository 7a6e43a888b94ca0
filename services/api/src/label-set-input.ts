import { parseLabelSet, type LabelSet } from '@tuhai/core/labels/label-set';
import { labelTexts } from '@tuhai/core/labels/label-texts';
import { Type, type Static } from 'typebox';
import { text } from './api-schemas.js';
import { Problem } from './problem.js';

/** A label set as a client writes it: a label file's text, YAML or JSON, or the same as a JSON object. */
export const labelSetInput = Type.Union(
  [
    text({ minLength: 1, maxLength: 1_000_000, description: 'The text of a label file, YAML or JSON' }),
    Type.Object({}, { additionalProperties: true, description: 'A label file as JSON' }),
  ],
  { description: 'See docs/labels.md; what is wrong is told with its line and column' },
);

/**
 * @param textsMax prompts in templates that are embedded for it at most; a draft is scored while the client waits
 * @throws {UsageError} with line and column of what is wrong
 */
export function readLabelSet(input: Static<typeof labelSetInput>, textsMax = Infinity): LabelSet {
  const written = typeof input === 'string' ? input : JSON.stringify(input, undefined, 2);
  if (written.includes(String.raw`\u0000`))
    throw new Problem('invalid_request', 'body/labelSet has a NUL in a text');
  const labelSet = parseLabelSet(written, 'labelSet');
  const texts = labelTexts(labelSet).reduce((sum, { length }) => sum + length, 0);
  if (texts <= textsMax) return labelSet;
  throw new Problem(
    'invalid_request',
    `body/labelSet has ${texts} prompts in templates; at most ${textsMax} are scored at once: store it and run it`,
  );
}
