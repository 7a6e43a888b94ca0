import { UsageError } from '../usage-error.js';

/**
 * The objects of a JSON list one by one, each with the line it begins on: a file of any size takes the memory of its
 * largest object.
 * @throws {UsageError} with the line for a file that is no list of objects
 */
export async function* jsonListItems(
  chunks: AsyncIterable<string>,
): AsyncGenerator<{ line: number; value: Record<string, unknown> }> {
  let [line, startLine, depth, item] = [1, 1, 0, ''];
  let [isInText, isEscaped, isInList] = [false, false, false];
  for await (const chunk of chunks) {
    let start = 0;
    for (let i = 0; i < chunk.length; i++) {
      const char = chunk[i] as string;
      if (char === '\n') line++;
      if (isInText) {
        if (isEscaped) isEscaped = false;
        else if (char === '\\') isEscaped = true;
        else if (char === '"') isInText = false;
      } else if (depth > 0) {
        if (char === '"') isInText = true;
        else if (char === '{' || char === '[') depth++;
        else if ((char === '}' || char === ']') && --depth === 0) {
          yield { line: startLine, value: parse(item + chunk.slice(start, i + 1), startLine) };
          item = '';
        }
      } else if (char === '{' && isInList) [depth, start, startLine] = [1, i, line];
      else if (char === '[' && !isInList) isInList = true;
      else if (!/[\s,\]\uFEFF]/.test(char))
        throw new UsageError(`line ${line}: a JSON list of tasks is expected, not ${char}`);
    }
    if (depth > 0) item += chunk.slice(start);
  }
  if (depth > 0 || !isInList)
    throw new UsageError(`line ${startLine}: the file ends before its JSON list does`);
}

function parse(json: string, line: number): Record<string, unknown> {
  try {
    return JSON.parse(json) as Record<string, unknown>;
  } catch (error) {
    throw new UsageError(`line ${line}: ${(error as Error).message}`, { cause: error });
  }
}
