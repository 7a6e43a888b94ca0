import { isMap, parseDocument, type Document } from 'yaml';

/**
 * A label file with these thresholds of probability and this temperature in it; all else, comments too, stays.
 * @param changes.thresholds by label name
 */
export function writeThresholds(
  text: string,
  changes: { thresholds: ReadonlyMap<string, number>; temperature: number },
): string {
  const document = parseDocument(text);
  document.set('temperature', changes.temperature);
  const labels = document.toJS() as { labels: (string | number | { name: string | number })[] };
  labels.labels.forEach((label, i) => {
    const name = String(typeof label === 'object' ? label.name : label);
    const threshold = changes.thresholds.get(name);
    if (threshold !== undefined) setThreshold(document, i, name, threshold);
  });
  const isJson = text.trimStart().startsWith('{');
  return isJson ? `${JSON.stringify(document.toJS(), undefined, 2)}\n` : document.toString({ lineWidth: 0 });
}

function setThreshold(document: Document.Parsed, i: number, name: string, probability: number): void {
  const path = ['labels', i];
  if (!isMap(document.getIn(path))) document.setIn(path, document.createNode({ name }));
  // A bound on the cosine was set by somebody who wanted it.
  const at = [...path, 'threshold'];
  if (isMap(document.getIn(at))) document.setIn([...at, 'probability'], probability);
  else document.setIn(at, probability);
}
