import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, extname, join } from 'node:path';
import sharp, { type FormatEnum } from 'sharp';

/** Pictures that a model can tell apart: a coloured field with a disc of another colour, in some formats and sizes. */
const pictures = [
  { key: '红/圆 1.png', field: [255, 255, 255], disc: [220, 20, 30], width: 300, height: 200 },
  { key: '红/圆 2.jpg', field: [240, 230, 210], disc: [230, 60, 20], width: 640, height: 480 },
  { key: '蓝/海.webp', field: [20, 60, 200], disc: [250, 220, 60], width: 200, height: 900 },
  { key: '蓝/夜.jpg', field: [8, 10, 40], disc: [240, 240, 220], width: 1200, height: 500 },
  { key: '绿/草.png', field: [40, 150, 40], disc: [60, 90, 20], width: 90, height: 90 },
  { key: '绿/100%_叶.jpg', field: [220, 240, 200], disc: [20, 130, 60], width: 400, height: 400 },
  {
    key: '<img src=x onerror=alert(1)>.png',
    field: [128, 128, 128],
    disc: [0, 0, 0],
    width: 256,
    height: 128,
  },
  { key: '黄.gif', field: [250, 220, 0], disc: [120, 60, 0], width: 320, height: 320 },
] as const;

type Picture = (typeof pictures)[number];

/** Not one of them can be embedded. */
export const brokenFiles = { '坏/不是图片.jpg': 'not a picture', '坏/空.png': '' };

/** Draws the pictures into a folder, and puts the broken files beside them. */
export async function drawPictures(folder: string): Promise<void> {
  for (const picture of pictures) await write(folder, picture.key, await encode(picture));
  for (const [key, content] of Object.entries(brokenFiles)) await write(folder, key, content);
}

async function write(folder: string, key: string, content: string | Uint8Array): Promise<void> {
  await mkdir(dirname(join(folder, key)), { recursive: true });
  await writeFile(join(folder, key), content);
}

async function encode(picture: Picture): Promise<Buffer> {
  const { width, height } = picture;
  const image = sharp(pixels(picture), { raw: { width, height, channels: 3 } });
  return image.toFormat(extname(picture.key).slice(1) as keyof FormatEnum).toBuffer();
}

function pixels({ width, height, field, disc }: Picture): Uint8Array {
  const radius = Math.min(width, height) * 0.35;
  const isInDisc = (i: number) =>
    Math.hypot((i % width) - width / 2, Math.floor(i / width) - height / 2) < radius;
  return Uint8Array.from({ length: width * height * 3 }, (_, at) => {
    const colour = isInDisc(Math.floor(at / 3)) ? disc : field;
    return colour[at % 3] as number;
  });
}
