// What the sample bucket holds: which emoji, under which keys, in which formats, sizes and on which backgrounds.
import { createHash } from 'node:crypto';

/** Emojibase group → folder of the bucket and how many pictures it gets. */
const FOLDERS = {
  0: { folder: '表情', count: 30 },
  1: { folder: '人物', count: 26 },
  3: { folder: '动物', count: 62 },
  4: { folder: '食物', count: 58 },
  5: { folder: '交通和地点', count: 48 },
  6: { folder: '活动', count: 22 },
  7: { folder: '物品', count: 44 },
  8: { folder: '符号', count: 10 },
};

/** Always there, because the demo searches for them or a reader will. */
const ALWAYS =
  '🍎 🍏 🚗 🚙 🚕 🌧 ☔ ☂ 🐱 🐈 🐶 🐕 🎂 🌞 ☀ 🌙 ⭐ 🌹 🌳 🐼 🐯 🐘 🐟 🐦 🍌 🍉 🍕 🍜 🍚 🥟 ☕ 🍺 🚲 ✈ 🚢 🚂 🏠 🏥 ⚽ 🏀 🎸 🎹 ' +
  '📱 💻 📷 📚 ✂ 🔑 👓 👗 ⛄ 🌈 🔥 ❤ 😂 😭 👶 👮 🐔 🐷 🐮 🐴 🍓 🍇 🥕 🌽 🎄 🧧 🏮 🎁';

const FORMATS = ['jpg', 'jpg', 'png', 'webp', 'jpg', 'jpg', 'png', 'webp', 'avif', 'jpg', 'webp', 'gif', 'jpg', 'png', 'tiff'];
const SIZES_PX = [256, 320, 128, 400, 224, 96, 512, 192, 640, 300];

const digest = (text) => createHash('sha256').update(text).digest();
const hexcodeOf = (character) => [...character].map((c) => c.codePointAt(0).toString(16)).join('-');

/**
 * Picks from `emoji` (`{hexcode, name, group, english}`) those that the test set draws.
 * @returns {{key: string, name: string, hexcode: string, format: string, sizePx: number, seed: Buffer}[]}
 */
export function planSamples(emoji) {
  const always = new Set(ALWAYS.split(' ').map(hexcodeOf));
  const byGroup = groupBy(emoji);
  return Object.entries(FOLDERS).flatMap(([group, { folder, count }]) => {
    const members = byGroup.get(Number(group)) ?? [];
    const order = (e) => (always.has(e.hexcode) ? '0' : '1') + digest(e.hexcode).toString('hex');
    const chosen = members.toSorted((a, b) => (order(a) < order(b) ? -1 : 1)).slice(0, count);
    return chosen.map((entry) => describe(entry, folder));
  });
}

function groupBy(emoji) {
  const groups = new Map();
  for (const entry of emoji) groups.set(entry.group, [...(groups.get(entry.group) ?? []), entry]);
  return groups;
}

function describe({ hexcode, name, english }, folder) {
  const seed = digest(`sample ${hexcode}`);
  const format = FORMATS[seed[0] % FORMATS.length];
  const largestPx = { gif: 256, tiff: 192, png: 400 }[format] ?? 640;
  const sizePx = Math.min(SIZES_PX[seed[1] % SIZES_PX.length], largestPx);
  // Keys as people have them: Chinese, English, or numbers of a camera.
  const stem = [name, english, name, english, `IMG_${1000 + (seed.readUInt16BE(2) % 9000)}`][seed[4] % 5];
  return { key: `${folder}/${stem.replaceAll('/', '-').replaceAll(':', '')}.${format}`, name, hexcode, format, sizePx, seed };
}
