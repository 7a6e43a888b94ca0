import type { Preprocessing } from './preprocessing.js';

type Scaling = Pick<Preprocessing, 'rescaleFactor' | 'mean' | 'std' | 'output'>;

/**
 * Rescales and normalises pictures: (value × rescaleFactor − mean) / std.
 * @param images N pictures, uint8 H×W×3 of the preprocessing's output size
 * @returns float32 [N, 3, H, W]
 */
export function toTensor(images: readonly Uint8Array[], preprocessing: Scaling): Float32Array {
  const plane = preprocessing.output.width * preprocessing.output.height;
  const tensor = new Float32Array(images.length * 3 * plane);
  const tables = [0, 1, 2].map((channel) => normalizationTable(preprocessing, channel));
  images.forEach((pixels, image) => {
    if (pixels.length !== 3 * plane) {
      throw new RangeError(`picture ${image} of the batch has ${pixels.length} bytes, not ${3 * plane}`);
    }
    tables.forEach((table, channel) => {
      const start = (image * 3 + channel) * plane;
      for (let i = 0; i < plane; i++) tensor[start + i] = table[pixels[i * 3 + channel] as number] as number;
    });
  });
  return tensor;
}

/** The normalised value of each of the 256 pixel values of one channel. */
function normalizationTable({ rescaleFactor, mean, std }: Scaling, channel: number): Float32Array {
  const m = mean[channel] as number;
  const s = std[channel] as number;
  return Float32Array.from({ length: 256 }, (_, value) => (value * rescaleFactor - m) / s);
}
