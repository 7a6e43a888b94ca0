import { readBundle } from '@tuhai/core/model/bundle';
import { loadTokenizer } from '@tuhai/core/model/tokenizer';

/**
 * Token ids of each line as the text tower gets them: with special tokens, cut to the context length, not padded.
 * @throws {UsageError} that says what is wrong with the folder
 */
export async function* tokenizeLines(
  modelDir: string,
  lines: AsyncIterable<string> | Iterable<string>,
): AsyncGenerator<{ ids: number[] }> {
  const tokenizer = await loadTokenizer(await readBundle(modelDir));
  for await (const line of lines) yield { ids: tokenizer.encode(line) };
}
