/** Labels in one cell: `猫|狗`; `[]` says that none fits, where an empty cell says nothing. JSON where `|` is in a name. */
export const joinLabels = (labels: readonly string[]): string =>
  labels.length === 0 || labels.some((label) => label.includes('|') || label.startsWith('['))
    ? JSON.stringify(labels)
    : labels.join('|');

/** Undefined for JSON that is no list of texts. */
export function splitLabels(cell: string): string[] | undefined {
  if (!cell.startsWith('['))
    return cell
      .split('|')
      .map((label) => label.trim())
      .filter((label) => label !== '');
  try {
    const labels: unknown = JSON.parse(cell);
    return Array.isArray(labels) && labels.every((label) => typeof label === 'string') ? labels : undefined;
  } catch {
    return undefined;
  }
}
