import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Family } from '@tuhai/core/model/bundle';
import { loadTokenizer, type Tokenizer } from '@tuhai/core/model/tokenizer';
import test from 'ava';
import { goldenPath } from '../golden/golden.js';
import { sharedData } from '../shared-data.js';

interface Golden {
  text: string;
  ids: number[];
}

for (const file of ['golden.jsonl', 'golden-odd.jsonl']) {
  test(`Chinese-CLIP: the reference tokenizer's ids, ${file}`, async (t) => {
    const folder = sharedData(t, 'tokenizers', 'chinese-clip');
    if (!folder) return;
    const tokenizer = await load(folder, 'chinese_clip', 52);
    const golden = await readLines(join(folder, file));
    t.deepEqual(
      golden.filter(({ text, ids }) => String(tokenizer.encode(text)) !== String(ids)),
      [],
    );
    t.log(`${golden.length} texts`);
  });
}

test("OpenAI CLIP: transformers' ids of odd texts", async (t) => {
  const folder = sharedData(t, 'tokenizers', 'openai-clip');
  if (!folder) return;
  const tokenizer = await load(folder, 'clip', 77);
  for (const { text, ids } of await readLines(goldenPath('openai-clip-tokens.jsonl'))) {
    t.deepEqual(tokenizer.encode(text), ids, text);
  }
});

test('curly quotes are straight to Chinese-CLIP, and spelled special tokens are text', async (t) => {
  const tokenizer = await load(goldenPath('tiny-chinese-clip'), 'chinese_clip', 52);
  t.deepEqual(tokenizer.encode('“猫”'), tokenizer.encode('"猫"'));
  const [first, ...rest] = tokenizer.encode('[CLS] 猫');
  t.false(rest.includes(first as number));
});

test('a sigma that ends a word in capitals is the one within words, as in the reference', async (t) => {
  const tokenizer = await load(goldenPath('tiny-clip'), 'clip', 77);
  t.deepEqual(tokenizer.encode('ΟΔΟΣ'), tokenizer.encode('οδοσ'));
  t.notDeepEqual(tokenizer.encode('ΟΔΟΣ'), tokenizer.encode('οδος'));
});

test('a text is cut to the context length with its last special token kept', async (t) => {
  const tokenizer = await load(goldenPath('tiny-chinese-clip'), 'chinese_clip', 7);
  const ids = tokenizer.encode('猫狗鸟猫狗鸟猫狗鸟');
  t.is(ids.length, 7);
  t.is(ids.at(-1), tokenizer.encode('').at(-1));
});

test("SigLIP's first tokenizer drops punctuation, its second does not; both lower the case", async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'tuhai-siglip-'));
  t.teardown(() => rm(dir, { recursive: true }));
  await cp(goldenPath('tiny-siglip/tokenizer.json'), join(dir, 'tokenizer.json'));
  const second = await load(dir, 'siglip', 16);
  await writeFile(join(dir, 'tokenizer_config.json'), '{"tokenizer_class": "SiglipTokenizer"}');
  const first = await load(dir, 'siglip', 16);
  t.deepEqual(first.encode(' A \t"cat",\n![photo] '), second.encode('a cat photo'));
  t.deepEqual(second.encode('A CAT!'), second.encode('a cat!'));
  t.notDeepEqual(second.encode('a cat!'), second.encode('a cat'));
});

const load = (folder: string, family: Family, contextLength: number): Promise<Tokenizer> =>
  loadTokenizer({ family, contextLength, files: { tokenizer: join(folder, 'tokenizer.json') } });

async function readLines(path: string): Promise<Golden[]> {
  const text = await readFile(path, 'utf8');
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Golden);
}
