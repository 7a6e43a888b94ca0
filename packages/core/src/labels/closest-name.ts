const editsMax = 2;

/** The name that somebody who wrote `given` most likely meant; undefined when none is near. */
export function closestName(given: string, known: readonly string[]): string | undefined {
  const near = known
    .map((name) => ({ name, edits: editDistance(given.toLowerCase(), name.toLowerCase()) }))
    .filter(({ name, edits }) => edits <= Math.min(editsMax, name.length - 1))
    .toSorted((a, b) => a.edits - b.edits);
  return near[0]?.name;
}

/** Levenshtein's: insertions, deletions and replacements that turn one word into the other. */
function editDistance(from: string, to: string): number {
  let previous = Array.from({ length: to.length + 1 }, (_, i) => i);
  for (let i = 1; i <= from.length; i++) {
    const current = [i];
    for (let j = 1; j <= to.length; j++) {
      const replaced = (previous[j - 1] as number) + (from[i - 1] === to[j - 1] ? 0 : 1);
      current.push(Math.min(replaced, (previous[j] as number) + 1, (current[j - 1] as number) + 1));
    }
    previous = current;
  }
  return previous[to.length] as number;
}
