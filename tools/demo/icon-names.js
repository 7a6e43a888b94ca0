import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

/** Letters and digits only, so that `admission-tickets` and fxemoji's `admissiontickets` meet. */
const squeeze = (name) => name.toLowerCase().replace(/[^a-z0-9]/g, '');

/** The hexcode without variation selectors: sets disagree about where FE0F is written. */
export const bareHexcode = (hexcode) => hexcode.toLowerCase().replace(/-fe0f/g, '');

/**
 * Squeezed English names → bare hexcode, for the sets that are keyed by name only. CLDR names and the names
 * that keyed sets use win over short codes, which are ambiguous now and then.
 */
export function hexcodesByName() {
  const byName = new Map();
  const add = (name, hexcode) => {
    const key = squeeze(name);
    if (key && !byName.has(key)) byName.set(key, bareHexcode(hexcode));
  };
  for (const emoji of require('emojibase-data/en/data.json')) add(emoji.label, emoji.hexcode);
  for (const set of ['twemoji', 'openmoji', 'fluent-emoji-flat']) {
    const chars = require(`@iconify-json/${set}/chars.json`);
    for (const [hexcode, name] of Object.entries(chars)) add(name, hexcode);
  }
  for (const preset of ['cldr', 'github', 'iamcal', 'joypixels', 'emojibase']) {
    const codes = require(`emojibase-data/en/shortcodes/${preset}.json`);
    for (const [hexcode, names] of Object.entries(codes)) for (const name of [names].flat()) add(name, hexcode);
  }
  return (name) => byName.get(squeeze(name));
}

/** Squeezed CLDR short names only → bare hexcode, for icons that are no emoji. */
export function hexcodeOfCldrName() {
  const byName = new Map(require('emojibase-data/en/data.json').map(({ label, hexcode }) => [squeeze(label), bareHexcode(hexcode)]));
  return (name) => byName.get(squeeze(name));
}
