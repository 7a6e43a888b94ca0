/**
 * Lays a picture on white as Pillow's `Image.alpha_composite` does, with its roundings.
 * @param rgba uint8 H×W×4, not premultiplied
 * @returns uint8 H×W×3
 */
export function layOnWhite(rgba: Uint8Array): Uint8Array {
  const pixels = new Uint8Array((rgba.length / 4) * 3);
  for (let from = 0, to = 0; from < rgba.length; from += 4, to += 3) {
    const alpha = rgba[from + 3] as number;
    for (let colour = 0; colour < 3; colour++) {
      // 7 bits of fraction; dividing by 255 in shifts.
      const sum = ((rgba[from + colour] as number) * alpha + 255 * (255 - alpha)) * 128 + 0x4000;
      pixels[to + colour] = ((sum >> 8) + sum) >> 15;
    }
  }
  return pixels;
}
