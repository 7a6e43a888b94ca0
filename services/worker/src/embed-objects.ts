import type { DecodedImage } from '@tuhai/core/image/decode-image';
import { toItemFailure } from '@tuhai/core/item-failure';
import type { ObjectRef, Outcome } from '@tuhai/core/outcome';
import type { Fetched } from '@tuhai/core/source/source';

/** The way of one image through a worker. Each stage limits itself and throws an ItemFailure. */
export interface Stages {
  fetch(object: ObjectRef): Promise<Fetched>;
  decode(bytes: Uint8Array): Promise<DecodedImage>;
  /** Coalesced with images of other chunks. `[D]`. */
  embed(pixels: Uint8Array): Promise<Float32Array>;
}

export interface EmbeddedImage extends Pick<DecodedImage, 'width' | 'height' | 'format'> {
  sizeBytes: number;
  embedding: Float32Array;
}

/** One outcome an object, in their order; a bad image costs itself only. */
export function embedObjects(
  objects: readonly ObjectRef[],
  stages: Stages,
  inFlight: <T>(work: () => Promise<T>) => Promise<T>,
): Promise<Outcome<EmbeddedImage>[]> {
  return Promise.all(
    objects.map((object) =>
      inFlight(() => embedObject(object, stages)).then(
        (value): Outcome<EmbeddedImage> => ({ object, ok: true, value }),
        (error): Outcome<EmbeddedImage> => ({ object, ok: false, failure: toItemFailure(error) }),
      ),
    ),
  );
}

async function embedObject(object: ObjectRef, { fetch, decode, embed }: Stages): Promise<EmbeddedImage> {
  const { bytes } = await fetch(object);
  const { pixels, width, height, format } = await decode(bytes);
  const embedding = await embed(pixels);
  return { sizeBytes: bytes.length, width, height, format, embedding };
}
