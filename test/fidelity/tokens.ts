import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadTokenizer } from '@tuhai/core/model/tokenizer';
import { goldenPath } from '../golden/golden.js';

/** Texts of one file of reference ids, and how many of them Tuhai cuts into the same. */
export interface TokenRow {
  texts: string;
  equal: number;
  of: number;
}

/** The files of reference ids that are there, with the tokenizers they are of. */
export async function compareTokens(data: string): Promise<TokenRow[]> {
  const tokenizers = join(data, 'tokenizers');
  const chinese = {
    dir: join(tokenizers, 'chinese-clip'),
    family: 'chinese_clip',
    contextLength: 52,
  } as const;
  const openai = { dir: join(tokenizers, 'openai-clip'), family: 'clip', contextLength: 77 } as const;
  const files = [
    { ...chinese, name: 'Chinese-CLIP, golden.jsonl', path: join(chinese.dir, 'golden.jsonl') },
    { ...chinese, name: 'Chinese-CLIP, golden-odd.jsonl', path: join(chinese.dir, 'golden-odd.jsonl') },
    { ...openai, name: 'OpenAI CLIP, odd texts', path: goldenPath('openai-clip-tokens.jsonl') },
  ].filter(({ dir, path }) => existsSync(dir) && existsSync(path));
  return Promise.all(
    files.map(async ({ dir, name, path, family, contextLength }) => {
      const tokenizer = await loadTokenizer({
        family,
        contextLength,
        files: { tokenizer: join(dir, 'tokenizer.json') },
      });
      const lines = (await readFile(path, 'utf8')).trim().split('\n');
      const texts = lines.map((line) => JSON.parse(line) as { text: string; ids: number[] });
      const equal = texts.filter(({ text, ids }) => String(tokenizer.encode(text)) === String(ids)).length;
      return { texts: name, equal, of: texts.length };
    }),
  );
}
