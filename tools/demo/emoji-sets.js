import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

import { groupWords, wordsByHexcode } from './chinese-words.js';
import { glyphs } from './font-glyphs.js';
import { bareHexcode, hexcodeOfCldrName, hexcodesByName } from './icon-names.js';

const require = createRequire(import.meta.url);

/**
 * The picture sets and what each is for. `train` sets are trained on; `validate` chooses between checkpoints;
 * `test` is the unseen maker, never trained on and never used to choose. noto-v1 and Google's blob sets stay
 * out altogether, because they share the test set's maker.
 */
export const SETS = {
  twemoji: { role: 'train', licence: 'CC-BY-4.0', maker: 'Twitter and jdecked' },
  openmoji: { role: 'train', licence: 'CC-BY-SA-4.0', maker: 'OpenMoji, HfG Schwäbisch Gmünd' },
  'fluent-emoji': { role: 'train', licence: 'MIT', maker: 'Microsoft' },
  'fluent-emoji-flat': { role: 'train', licence: 'MIT', maker: 'Microsoft' },
  'fluent-emoji-3d': { role: 'train', licence: 'MIT', maker: 'Microsoft, packaged by LobeHub' },
  emojione: { role: 'train', licence: 'CC-BY-4.0', maker: 'EmojiOne 2, EmojiTwo' },
  'emojione-v1': { role: 'train', licence: 'CC-BY-SA-4.0', maker: 'EmojiOne 1' },
  fxemoji: { role: 'train', licence: 'Apache-2.0', maker: 'Mozilla' },
  'fluent-emoji-high-contrast': { role: 'train', licence: 'MIT', maker: 'Microsoft' },
  'emojione-monotone': { role: 'train', licence: 'CC-BY-4.0', maker: 'EmojiOne 2' },
  'icon-park': { role: 'train', licence: 'Apache-2.0', maker: 'ByteDance' },
  'icon-park-solid': { role: 'train', licence: 'Apache-2.0', maker: 'ByteDance' },
  'game-icons': { role: 'train', licence: 'CC-BY-3.0', maker: 'game-icons.net: Lorc, Delapouite and contributors' },
  ph: { role: 'train', licence: 'MIT', maker: 'Phosphor Icons' },
  tabler: { role: 'train', licence: 'MIT', maker: 'Paweł Kuna' },
  'fa6-solid': { role: 'train', licence: 'CC-BY-4.0', maker: 'Font Awesome' },
  dejavu: { role: 'train', licence: 'Bitstream Vera', maker: 'DejaVu fonts' },
  'streamline-emojis': { role: 'validate', licence: 'CC-BY-4.0', maker: 'Streamline' },
  noto: { role: 'test', licence: 'Apache-2.0', maker: 'Google' },
};

/**
 * Every base emoji: `{hexcode, name, keywords, category}`, in Chinese. Skin tones and genders are not base emoji.
 */
export function baseEmoji() {
  const { groups, subgroups } = require('emojibase-data/zh/messages.json');
  const named = (list, order) => list.find((entry) => entry.order === order);
  const words = wordsByHexcode();
  return require('emojibase-data/zh/data.json').map((emoji) => {
    const hexcode = bareHexcode(emoji.hexcode);
    const group = named(groups, emoji.group);
    const subgroup = named(subgroups, emoji.subgroup);
    return {
      hexcode,
      name: emoji.label,
      keywords: [...new Set([...(emoji.tags ?? []), ...(words.get(hexcode) ?? [])])].filter((word) => word !== emoji.label),
      category: [...new Set([group?.message, subgroup?.message, ...groupWords(subgroup?.key)])].filter(Boolean),
    };
  });
}

function iconSet(set) {
  const icons = require(`@iconify-json/${set}/icons.json`);
  const width = icons.width ?? 16;
  const height = icons.height ?? 16;
  return (name) => {
    const alias = icons.aliases?.[name];
    const icon = icons.icons[alias?.parent ?? name];
    if (!icon || alias?.rotate || alias?.hFlip || alias?.vFlip) return undefined;
    const box = [icon.left ?? 0, icon.top ?? 0, icon.width ?? width, icon.height ?? height].join(' ');
    return (sizePx) =>
      Buffer.from(
        `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" ` +
          `width="${sizePx}" height="${sizePx}" viewBox="${box}">${icon.body}</svg>`,
      );
  };
}

// One word, two things: `mouse` is often the computer's, `cricket` the game, `seal` a stamp, `goblin` no tengu.
const AMBIGUOUS = new Set(['cricket', 'mouse', 'seal', 'goblin', 'ogre']);

/** Icons that are no emoji but are named as one is in CLDR; filled and two-tone ones are further drawings. */
function likeNamedIcons(set) {
  const find = iconSet(set);
  const hexcodeOf = hexcodeOfCldrName();
  const found = new Map();
  for (const icon of Object.keys(require(`@iconify-json/${set}/icons.json`).icons)) {
    const name = icon.replace(/-(fill|filled|duotone)$/, '');
    const hexcode = hexcodeOf(name);
    const drawing = find(icon);
    if (hexcode && drawing && !AMBIGUOUS.has(name)) found.set(hexcode, [...(found.get(hexcode) ?? []), drawing]);
  }
  return found;
}

function keyedIcons(set) {
  const find = iconSet(set);
  const found = new Map();
  const chars = require(`@iconify-json/${set}/chars.json`);
  for (const [hexcode, name] of Object.entries(chars)) {
    const drawing = find(name);
    if (drawing) found.set(bareHexcode(hexcode), [drawing]);
  }
  return found;
}

function namedIcons(set) {
  const find = iconSet(set);
  const hexcodeOf = hexcodesByName();
  const { icons, aliases } = require(`@iconify-json/${set}/icons.json`);
  const found = new Map();
  for (const name of [...Object.keys(icons), ...Object.keys(aliases ?? {})]) {
    const hexcode = hexcodeOf(name) ?? hexcodeOf(name.replace(/-\d+$/, '')) ?? hexcodeOf(flagName(name));
    const drawing = find(name);
    if (!hexcode || !drawing || /skin-tone/.test(name)) continue;
    const drawings = found.get(hexcode) ?? [];
    // An alias is the same drawing once more; a numbered name (`apple-2`) is another drawing of the same thing.
    if (drawings.length === 0 || /-\d+$/.test(name)) found.set(hexcode, [...drawings, drawing]);
  }
  return found;
}

/** EmojiOne writes `flag-for-china` where CLDR writes `flag: China`. */
const flagName = (name) => name.replace(/^flag-(for|of)-/, 'flag-');

function fluent3d() {
  const folder = join(dirname(require.resolve('@lobehub/fluent-emoji-3d/package.json')), 'assets');
  const found = new Map();
  for (const { hexcode } of require('emojibase-data/en/data.json')) {
    for (const name of new Set([hexcode.toLowerCase(), `${hexcode.toLowerCase()}-fe0f`, bareHexcode(hexcode)])) {
      const picture = readIfThere(join(folder, `${name}.webp`));
      if (picture && !found.has(bareHexcode(hexcode))) found.set(bareHexcode(hexcode), [() => picture]);
    }
  }
  return found;
}

function readIfThere(path) {
  try {
    return readFileSync(path);
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** One set's drawings: bare hexcode → drawings, each a function of the size in pixels that gives an image file. */
export function drawingsOf(set) {
  if (set === 'fluent-emoji-3d') return fluent3d();
  if (set === 'dejavu') return glyphs();
  if (['icon-park', 'icon-park-solid', 'game-icons', 'ph', 'tabler', 'fa6-solid'].includes(set)) return likeNamedIcons(set);
  if (['emojione', 'emojione-v1', 'emojione-monotone', 'fxemoji', 'streamline-emojis'].includes(set)) return namedIcons(set);
  if (set === 'fluent-emoji') return namedIcons(set);
  return keyedIcons(set);
}
