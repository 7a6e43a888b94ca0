import type { ExportedImage } from './exported-image.js';

/** One JSON object a line. */
export async function* writeJsonl(pages: AsyncIterable<ExportedImage[]>): AsyncGenerator<string> {
  for await (const page of pages) yield page.map((image) => `${JSON.stringify(jsonImage(image))}\n`).join('');
}

export const jsonImage = ({ embedding, ...image }: ExportedImage): object => ({
  ...image,
  ...(embedding && { embedding: shortFloats(embedding) }),
});

/** Nine digits bring back the same float32; the seventeen of its double would double the file. */
export const shortFloats = (vector: Float32Array): number[] =>
  Array.from(vector, (component) => Number(component.toPrecision(9)));
