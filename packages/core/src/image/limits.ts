/** What one image may cost before it is refused. Checked against the header, before any pixel is decoded. */
export interface ImageLimits {
  /** Encoded size. */
  bytesMax: number;
  /** Width × height of the first frame. */
  pixelsMax: number;
  /** Frames or pages the file announces; only the first is decoded. */
  framesMax: number;
  /** Decoding and resizing, from the moment libvips starts on the image; whole seconds count, rounded up. */
  timeoutMs: number;
}

export const defaultImageLimits: Readonly<ImageLimits> = {
  bytesMax: 50_000_000,
  pixelsMax: 100_000_000,
  framesMax: 10_000,
  timeoutMs: 30_000,
};
