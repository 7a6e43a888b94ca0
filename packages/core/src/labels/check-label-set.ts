import type { Document } from 'yaml';
import type { Label, LabelSet } from './label-set.js';
import { YamlCursor, type Fail } from './yaml-cursor.js';

const setFields = ['name', 'mode', 'language', 'templates', 'labels', 'top'];
const labelFields = ['name', 'prompts', 'threshold'];
const topDefault = 10;

/** Checks a parsed label file and fills in what may be left out. `fail` gets the offset of what is wrong. */
export function checkLabelSet(document: Document.Parsed, fail: Fail): Omit<LabelSet, 'version'> {
  const root = new YamlCursor(document, [], fail);
  root.fields(setFields);
  const language = root.at('language').optional()?.text();
  const labels = root.at('labels').items().map(readLabel);
  refuseDoubles(labels, root.at('labels'));
  return {
    name: root.at('name').text(),
    mode: root.at('mode').optional()?.oneOf(['single', 'multi']) ?? 'single',
    ...(language === undefined ? {} : { language }),
    templates: root.at('templates').optional()?.templates() ?? ['{}'],
    labels,
    top: root.at('top').optional()?.number({ min: 1, max: 10_000, whole: true }) ?? topDefault,
  };
}

function readLabel(cursor: YamlCursor): Label {
  if (cursor.isText()) return { name: cursor.text(), prompts: [cursor.text()] };
  cursor.fields(labelFields);
  const name = cursor.at('name').text();
  const threshold = cursor.at('threshold').optional()?.number({ min: 0, max: 1, whole: false });
  return {
    name,
    prompts: cursor.at('prompts').optional()?.texts() ?? [name],
    ...(threshold === undefined ? {} : { threshold }),
  };
}

function refuseDoubles(labels: readonly Label[], list: YamlCursor): void {
  const seen = new Set<string>();
  labels.forEach(({ name }, i) => {
    if (seen.has(name)) list.at(i).fail(`label "${name}" is there twice`);
    seen.add(name);
  });
}
