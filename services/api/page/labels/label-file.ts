/** A stored label set as a file to edit: YAML with one label a line, each as JSON, which YAML is a superset of. */
export function writeLabelFile({ labels, ...head }: Record<string, unknown>): string {
  return [
    ...Object.entries(head)
      .filter(([, value]) => value !== null && value !== undefined)
      .map(line),
    'labels:',
    ...(labels as Record<string, unknown>[]).map((label) => `  - ${JSON.stringify(label)}`),
    '',
  ].join('\n');
}

const line = ([name, value]: [string, unknown]): string => `${name}: ${JSON.stringify(value)}`;
