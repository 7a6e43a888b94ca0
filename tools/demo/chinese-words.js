import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

import { Converter } from 'opencc-js';

import { dictionaryWords } from './dictionary-words.js';
import { bareHexcode } from './icon-names.js';

const require = createRequire(import.meta.url);
const simplified = Converter({ from: 'twp', to: 'cn' });
const synonyms = JSON.parse(readFileSync(join(import.meta.dirname, 'synonyms.json'), 'utf8'));
const letters = new Intl.Segmenter('zh', { granularity: 'grapheme' });

const hexcodeOf = (emoji) => bareHexcode([...emoji].map((c) => c.codePointAt(0).toString(16).padStart(4, '0')).join('-'));

/**
 * Bare hexcode → Chinese words besides emojibase's: CLDR's annotations of the mainland, Taiwan and Hong Kong, in
 * simplified characters, our own `synonyms.json`, and what a dictionary gives for the English names.
 */
export function wordsByHexcode() {
  const found = new Map();
  const add = (hexcode, words) => found.set(hexcode, [...(found.get(hexcode) ?? []), ...words.map(simplified)]);
  for (const locale of ['zh', 'zh-Hant', 'zh-Hant-HK']) {
    const { annotations } = require(`cldr-annotations-full/annotations/${locale}/annotations.json`).annotations;
    for (const [emoji, { default: words = [], tts = [] }] of Object.entries(annotations)) {
      add(hexcodeOf(emoji), [...words, ...tts]);
    }
  }
  for (const [hexcode, words] of dictionaryWords()) add(hexcode, words);
  for (const [emoji, words] of Object.entries(synonyms.words)) {
    for (const { segment } of letters.segment(emoji)) add(hexcodeOf(segment), words.split(' '));
  }
  for (let code = 0x1f1e6; code <= 0x1f1ff; code++) {
    const letter = String.fromCharCode(code - 0x1f1e6 + 65);
    add(code.toString(16), [`字母${letter}`, `英文字母${letter}`, '字母', '英文字母']);
  }
  return found;
}

/** The words of one of Unicode's subgroups of emoji, by its English key: `animal-bird`. */
export const groupWords = (key) => synonyms.groups[key]?.split(' ') ?? [];
