/** A JSON list, an item a line, that need not be in memory as a whole. */
export async function* jsonList<T>(
  pages: AsyncIterable<T[]>,
  toItem: (value: T) => unknown,
  { before = '[', after = ']\n' }: { before?: string; after?: string } = {},
): AsyncGenerator<string> {
  let separator = `${before}\n`;
  for await (const page of pages) {
    if (page.length === 0) continue;
    yield separator + page.map((value) => JSON.stringify(toItem(value))).join(',\n');
    separator = ',\n';
  }
  yield separator === ',\n' ? `\n${after}` : `${before}${after}`;
}
