import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

import opentype from 'opentype.js';

import { bareHexcode } from './icon-names.js';

const require = createRequire(import.meta.url);

const FACES = ['DejaVuSans', 'DejaVuSans-Bold', 'DejaVuSansCondensed', 'DejaVuSansMono', 'DejaVuSerif', 'DejaVuSerif-Bold', 'DejaVuSerifCondensed'];
const REGIONAL_INDICATOR_A = 0x1f1e6;

/** The emoji that fonts draw as characters, one drawing a face: bare hexcode → drawings. Lone letters are letters. */
export function glyphs() {
  const fonts = FACES.map((face) => {
    const file = readFileSync(require.resolve(`dejavu-fonts-ttf/ttf/${face}.ttf`));
    return opentype.parse(file.buffer.slice(file.byteOffset, file.byteOffset + file.byteLength));
  });
  const found = new Map();
  for (const { hexcode } of require('emojibase-data/en/data.json')) {
    const bare = bareHexcode(hexcode);
    const codePoint = parseInt(bare, 16);
    if (bare !== codePoint.toString(16).padStart(bare.length, '0')) continue;
    const letter = codePoint - REGIONAL_INDICATOR_A;
    const text = letter >= 0 && letter < 26 ? String.fromCharCode(65 + letter) : String.fromCodePoint(codePoint);
    const drawings = fonts.filter((font) => font.charToGlyph(text).index > 0).map((font) => glyph(font, text));
    if (drawings.length) found.set(bare, drawings);
  }
  return found;
}

function glyph(font, text) {
  const path = font.charToGlyph(text).getPath(0, 0, 1000);
  const { x1, y1, x2, y2 } = path.getBoundingBox();
  return (sizePx) =>
    Buffer.from(
      `<svg xmlns="http://www.w3.org/2000/svg" width="${sizePx}" height="${sizePx}" ` +
        `viewBox="${x1} ${y1} ${x2 - x1} ${y2 - y1}">${path.toSVG(2)}</svg>`,
    );
}
