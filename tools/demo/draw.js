// Draws every picture set once, as RGBA bytes that train.py reads. Usage: node draw.js [FOLDER]
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import sharp from 'sharp';

import { SETS, baseEmoji, drawingsOf } from './emoji-sets.js';

const SIZE_PX = 96;
const folder = process.argv[2] ?? join(import.meta.dirname, '.cache');
sharp.concurrency(1);

/** One drawing as `[SIZE_PX, SIZE_PX, 4]` uint8 RGBA, whole and centred. */
const rgba = (drawing) =>
  sharp(drawing(SIZE_PX))
    .resize(SIZE_PX, SIZE_PX, { fit: 'contain', background: { r: 0, g: 0, b: 0, alpha: 0 } })
    .ensureAlpha()
    .toColourspace('srgb')
    .raw()
    .toBuffer();

mkdirSync(folder, { recursive: true });
const emoji = baseEmoji();
const sets = {};
for (const [set, about] of Object.entries(SETS)) {
  const drawings = drawingsOf(set);
  const classes = [];
  const pictures = [];
  for (const [index, { hexcode }] of emoji.entries()) {
    const drawn = await Promise.all((drawings.get(hexcode) ?? []).map(rgba));
    for (const picture of drawn) {
      if (picture.length !== SIZE_PX * SIZE_PX * 4) throw new Error(`${set} ${hexcode}: ${picture.length} bytes`);
      classes.push(index);
      pictures.push(picture);
    }
  }
  writeFileSync(join(folder, `${set}.rgba`), Buffer.concat(pictures));
  sets[set] = { ...about, classes };
  console.log(`${set}: ${pictures.length} pictures of ${new Set(classes).size} emoji (${about.role})`);
}
writeFileSync(join(folder, 'pictures.json'), JSON.stringify({ sizePx: SIZE_PX, emoji, sets }));
