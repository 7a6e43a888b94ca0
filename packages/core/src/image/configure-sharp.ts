import sharp from 'sharp';
import { imageFormats } from './image-format.js';

/**
 * Sets libvips up for a process that decodes other people's pictures: one thread a picture (the pictures run side by
 * side instead), no cache of operations, and no loader but those of the accepted formats. Call it once, when the
 * process starts; it holds for the whole process, so nothing in it can render SVG afterwards.
 */
export function configureSharp(): void {
  sharp.concurrency(1);
  sharp.cache(false);
  sharp.block({ operation: ['VipsForeignLoad'] });
  sharp.unblock({ operation: Object.values(imageFormats).map(({ loader }) => loader) });
}
