import type { Document } from 'yaml';
import type { Label, LabelSet, Threshold } from './label-set.js';
import { promptTemplates } from './prompt-templates.js';
import { YamlCursor, type Fail } from './yaml-cursor.js';

/**
 * `single`: one label fits, probabilities add up to 1. `multi`: each label fits or not, on its own.
 * `pairwise`: each label fits or not, against negative prompts of its own.
 */
const labelModes = ['single', 'multi', 'pairwise'] as const;
export type LabelMode = (typeof labelModes)[number];

const setFields = [
  'name',
  'mode',
  'language',
  'templates',
  'labels',
  'negatives',
  'threshold',
  'none',
  'temperature',
  'top',
];
const labelFields = ['name', 'prompts', 'negatives', 'threshold'];
const topDefault = 10;

/** Checks a parsed label file and fills in what may be left out. `fail` gets the offset of what is wrong. */
export function checkLabelSet(document: Document.Parsed, fail: Fail): Omit<LabelSet, 'version'> {
  const root = new YamlCursor(document, [], fail);
  root.fields(setFields);
  const mode = root.at('mode').optional()?.oneOf(labelModes) ?? 'single';
  const negatives = readNegatives(root, mode);
  const labels = root
    .at('labels')
    .items()
    .map((cursor) => readLabel(cursor, mode, negatives));
  const none = readNone(root.at('none'), mode);
  refuseDoubles(labels, root.at('labels'));
  if (labels.some(({ name }) => name === none?.name))
    root.at('none').fail(`none is called "${none?.name}" like a label`);
  return {
    name: root.at('name').text(),
    mode,
    ...optional('language', root.at('language').optional()?.text()),
    templates: readTemplates(root.at('templates')),
    labels,
    ...optional('threshold', readThreshold(root.at('threshold'))),
    ...optional('none', none),
    ...optional(
      'temperature',
      root.at('temperature').optional()?.number({ min: 0.01, max: 100, whole: false }),
    ),
    top: root.at('top').optional()?.number({ min: 1, max: 10_000, whole: true }) ?? topDefault,
  };
}

function readLabel(cursor: YamlCursor, mode: LabelMode, negativesOfSet: string[] | undefined): Label {
  if (!cursor.isText()) cursor.fields(labelFields);
  const name = cursor.isText() ? cursor.text() : cursor.at('name').text();
  const prompts = cursor.at('prompts').optional()?.texts() ?? [name];
  const negatives = readNegatives(cursor, mode) ?? negativesOfSet;
  if (mode === 'pairwise' && !negatives)
    cursor.fail(`${cursor.title} has no negatives, and neither has the file: pairwise needs them`);
  return {
    name,
    prompts,
    ...optional('negatives', negatives),
    ...optional('threshold', readThreshold(cursor.at('threshold'))),
  };
}

function readNegatives(cursor: YamlCursor, mode: LabelMode): string[] | undefined {
  const negatives = cursor.at('negatives').optional();
  if (negatives && mode !== 'pairwise') negatives.fail(`${negatives.title} are for mode: pairwise`);
  return negatives?.texts();
}

/** A list of templates, one, or the name of a preset. */
function readTemplates(cursor: YamlCursor): string[] {
  const given = cursor.optional();
  if (!given) return ['{}'];
  if (!given.isText() || given.text().includes('{}')) return given.templates();
  return [...promptTemplates[given.oneOf(Object.keys(promptTemplates) as (keyof typeof promptTemplates)[])]];
}

/** A number is a probability. */
function readThreshold(cursor: YamlCursor): Threshold | undefined {
  const given = cursor.optional();
  if (!given?.isMapping()) {
    const probability = given?.number({ min: 0, max: 1, whole: false });
    return probability === undefined ? undefined : { probability };
  }
  given.fields(['probability', 'cosine']);
  const bounds = {
    ...optional('probability', given.at('probability').optional()?.number({ min: 0, max: 1, whole: false })),
    ...optional('cosine', given.at('cosine').optional()?.number({ min: -1, max: 1, whole: false })),
  };
  return Object.keys(bounds).length > 0 ? bounds : given.fail(`${given.title} has no probability or cosine`);
}

/** A text is the name alone. */
function readNone(cursor: YamlCursor, mode: LabelMode): LabelSet['none'] {
  const given = cursor.optional();
  if (!given) return undefined;
  if (given.isText()) return { name: given.text(), prompts: [] };
  given.fields(['name', 'prompts']);
  const prompts = given.at('prompts').optional();
  if (prompts && mode !== 'single')
    prompts.fail('none competes with the labels in mode: single only; here it has a name and no prompts');
  return { name: given.at('name').text(), prompts: prompts?.texts() ?? [] };
}

function refuseDoubles(labels: readonly Label[], list: YamlCursor): void {
  const seen = new Set<string>();
  labels.forEach(({ name }, i) => {
    if (seen.has(name)) list.at(i).fail(`label "${name}" is there twice`);
    seen.add(name);
  });
}

/** Nothing at all where there is no value: what was left out is not part of the content. */
const optional = <K extends string, V>(key: K, value: V | undefined): { [key in K]?: V } =>
  (value === undefined ? {} : { [key]: value }) as { [key in K]?: V };
