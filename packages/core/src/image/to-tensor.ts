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
  const red = normalizationTable(preprocessing, 0);
  const green = normalizationTable(preprocessing, 1);
  const blue = normalizationTable(preprocessing, 2);
  for (const [image, pixels] of images.entries()) {
    if (pixels.length !== 3 * plane) {
      throw new RangeError(`picture ${image} of the batch has ${pixels.length} bytes, not ${3 * plane}`);
    }
    // One pass over the pixels, and no closure in it: this runs for every picture on the thread that feeds the model.
    for (let from = 0, to = image * 3 * plane; from < pixels.length; from += 3, to++) {
      tensor[to] = red[pixels[from] as number] as number;
      tensor[to + plane] = green[pixels[from + 1] as number] as number;
      tensor[to + 2 * plane] = blue[pixels[from + 2] as number] as number;
    }
  }
  return tensor;
}

/** The normalised value of each of the 256 pixel values of one channel. */
function normalizationTable({ rescaleFactor, mean, std }: Scaling, channel: number): Float32Array {
  const m = mean[channel] as number;
  const s = std[channel] as number;
  return Float32Array.from({ length: 256 }, (_, value) => (value * rescaleFactor - m) / s);
}
