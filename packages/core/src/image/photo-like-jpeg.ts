import sharp from 'sharp';

/** A JPEG of 1000 × 750, about as many bytes and as much work to decode as a photograph: blurred noise. */
export function photoLikeJpeg(seed: number): Promise<Buffer> {
  const noise = { type: 'gaussian' as const, mean: 60 + 2 * (seed % 64), sigma: 60 };
  const create = { width: 1000, height: 750, channels: 3 as const, background: '#888', noise };
  return sharp({ create }).blur(1.2).jpeg({ quality: 85 }).toBuffer();
}
