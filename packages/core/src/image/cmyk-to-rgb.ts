/**
 * Ink to light without a profile, rounded as Pillow's `convert('RGB')` does it: each colour is (255 − ink)(255 − black)
 * / 255.
 * @param pixels uint8 H×W×channels: cyan, magenta, yellow, black, and perhaps more, which is left out
 * @returns uint8 H×W×3
 */
export function cmykToRgb(pixels: Uint8Array, channels: number): Uint8Array {
  const rgb = new Uint8Array((pixels.length / channels) * 3);
  for (let from = 0, to = 0; from < pixels.length; from += channels, to += 3) {
    const light = 255 - (pixels[from + 3] as number);
    rgb[to] = light - timesOver255(pixels[from] as number, light);
    rgb[to + 1] = light - timesOver255(pixels[from + 1] as number, light);
    rgb[to + 2] = light - timesOver255(pixels[from + 2] as number, light);
  }
  return rgb;
}

/** a × b / 255, rounded, in integers. */
function timesOver255(a: number, b: number): number {
  const product = a * b + 128;
  return ((product >> 8) + product) >> 8;
}
