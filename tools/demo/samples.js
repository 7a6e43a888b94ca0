// Draws the demo's sample bucket from the unseen set, with its truth and label file.
// Usage: node samples.js [MODEL_FOLDER]
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

import sharp from 'sharp';

import { baseEmoji, drawingsOf } from './emoji-sets.js';
import { bareHexcode } from './icon-names.js';
import { planSamples } from './sample-plan.js';

const require = createRequire(import.meta.url);
const out = process.argv[2] ?? join(import.meta.dirname, '../../models/demo');
const templates = JSON.parse(readFileSync(join(import.meta.dirname, 'label-templates.json'), 'utf8'));

/** `[h, s, l]` of a background, from a sample's seed: white, light, or any. */
function backgroundOf(seed) {
  const kind = seed[5] % 10;
  if (kind < 4) return 'white';
  const lightness = kind < 8 ? 80 + (seed[7] % 16) : 25 + (seed[7] % 55);
  return `hsl(${Math.round((seed[6] / 255) * 359)}, ${20 + (seed[8] % 60)}%, ${lightness}%)`;
}

/** A background picture: even, or graded from one colour to another. */
function backdrop(widthPx, heightPx, seed) {
  const from = backgroundOf(seed);
  const to = seed[9] % 3 === 0 ? backgroundOf(seed.subarray(10)) : from;
  return Buffer.from(
    `<svg xmlns="http://www.w3.org/2000/svg" width="${widthPx}" height="${heightPx}"><defs><linearGradient id="g" x2="1" y2="1">` +
      `<stop stop-color="${from}"/><stop offset="1" stop-color="${to}"/></linearGradient></defs>` +
      `<rect width="100%" height="100%" fill="url(#g)"/></svg>`,
  );
}

const ENCODE = {
  jpg: (image) => image.jpeg({ quality: 82 }),
  png: (image) => image.png({ compressionLevel: 9, palette: true }),
  webp: (image) => image.webp({ quality: 80 }),
  avif: (image) => image.avif({ quality: 60 }),
  gif: (image) => image.gif(),
  tiff: (image) => image.tiff({ compression: 'jpeg', quality: 85 }),
};

async function draw({ format, sizePx, seed }, drawing) {
  // A third of the pictures are wider than high, as photographs are; the drawing itself is kept whole and near
  // the middle, because CLIP's preprocessing cuts the sides off.
  const widthPx = seed[11] % 3 === 0 ? Math.round(sizePx * 1.25) : sizePx;
  const drawnPx = Math.round(sizePx * (0.72 + (seed[12] % 24) / 100));
  const picture = await sharp(drawing(drawnPx)).resize(drawnPx, drawnPx, { fit: 'inside' }).png().toBuffer();
  const image = sharp(backdrop(widthPx, sizePx, seed)).composite([{ input: picture, gravity: 'centre' }]).removeAlpha();
  return ENCODE[format](image).toBuffer();
}

const english = new Map(
  Object.entries(require('@iconify-json/noto/chars.json')).map(([hexcode, name]) => [bareHexcode(hexcode), name]),
);
const groups = new Map(
  require('emojibase-data/zh/data.json').map(({ hexcode, group }) => [bareHexcode(hexcode), group ?? -1]),
);
const drawings = drawingsOf('noto');
const emoji = baseEmoji();
const plan = planSamples(
  emoji
    .filter(({ hexcode }) => drawings.has(hexcode))
    .map((entry) => ({ ...entry, group: groups.get(entry.hexcode), english: english.get(entry.hexcode) ?? entry.hexcode })),
);

rmSync(join(out, 'samples'), { recursive: true, force: true });
const truth = {};
let sizeBytes = 0;
for (const sample of plan) {
  if (truth[sample.key]) throw new Error(`two samples are called ${sample.key}`);
  const path = join(out, 'samples', sample.key);
  const bytes = await draw(sample, drawings.get(sample.hexcode)[0]);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, bytes);
  truth[sample.key] = sample.name;
  sizeBytes += bytes.length;
}
writeFileSync(join(out, 'samples.json'), `${JSON.stringify(truth, null, 2)}\n`);

const labels = emoji.map(({ name }) => `  - name: ${JSON.stringify(name)}\n`).join('');
writeFileSync(
  join(out, 'labels.yaml'),
  `# The Chinese names of all base emoji (CLDR, by way of emojibase-data); written by tools/demo/samples.js.\n` +
    `name: emoji-zh\nmode: single\nlanguage: zh\ntemplates: ${JSON.stringify(templates)}\nlabels:\n${labels}`,
);
console.log(`${plan.length} pictures, ${(sizeBytes / 1e6).toFixed(2)} MB; ${emoji.length} labels`);
