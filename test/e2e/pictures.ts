import { crc32, deflateSync } from 'node:zlib';
import sharp from 'sharp';
import { randomMatrix } from '../store/random-matrix.js';

const formats = ['png', 'jpeg', 'webp'] as const;

/** A small picture of coloured noise, the same every time for the same seed and unlike that of any other. */
export function picture(seed: number): Promise<Buffer> {
  const [width, height] = [40 + (seed % 7), 36 + (seed % 5)];
  const noise = randomMatrix(12, 3, seed + 1);
  const raw = Buffer.from(noise.map((value) => 128 + 127 * value));
  return sharp(raw, { raw: { width: 4, height: 3, channels: 3 } })
    .resize(width, height, { fit: 'fill' })
    .toFormat(formats[seed % 3] ?? 'png')
    .toBuffer();
}

/** `{ 'pictures/000.png': bytes, … }`, in key order. */
export async function pictures(count: number): Promise<Record<string, Buffer>> {
  const entries = Array.from({ length: count }, async (_, i) => {
    const key = `pictures/${String(i).padStart(3, '0')}.${formats[i % 3]}`;
    return [key, await picture(i)] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}

/** A whole, valid, black PNG of one bit a pixel: 900 million pixels in 110 kB. */
export function hugePng(): Buffer {
  const [width, height] = [30_000, 30_000];
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = 1;
  const rows = Buffer.alloc(height * (1 + width / 8));
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([
    signature,
    pngChunk('IHDR', header),
    pngChunk('IDAT', deflateSync(rows)),
    pngChunk('IEND'),
  ]);
}

function pngChunk(type: string, content: Uint8Array = Buffer.alloc(0)): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), content]);
  const frame = Buffer.alloc(body.length + 8);
  frame.writeUInt32BE(content.length, 0);
  frame.set(body, 4);
  frame.writeUInt32BE(crc32(body), body.length + 4);
  return frame;
}
