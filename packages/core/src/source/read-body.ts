import type { Readable } from 'node:stream';
import { ItemFailure } from '../item-failure.js';

/**
 * All bytes of a stream, at most `bytesMax`. The announced length decides early, but only what comes is believed:
 * too much is cut off while it streams, too little is a broken transfer.
 * @throws {ItemFailure} too_large, source_unavailable
 */
export async function readBody(
  body: Readable,
  options: { bytesMax: number; announcedBytes: number | undefined; signal: AbortSignal },
): Promise<Uint8Array> {
  const { bytesMax, announcedBytes, signal } = options;
  const stop = (): void => void body.destroy();
  signal.addEventListener('abort', stop, { once: true });
  try {
    signal.throwIfAborted();
    if ((announcedBytes ?? 0) > bytesMax) throw tooLarge(`${announcedBytes} bytes`, bytesMax);
    const chunks: Buffer[] = [];
    let sizeBytes = 0;
    for await (const chunk of body as AsyncIterable<Buffer>) {
      sizeBytes += chunk.length;
      if (sizeBytes > bytesMax) throw tooLarge('more', bytesMax);
      chunks.push(chunk);
    }
    if (announcedBytes !== undefined && sizeBytes !== announcedBytes) {
      throw new ItemFailure('source_unavailable', `${sizeBytes} of ${announcedBytes} announced bytes came`);
    }
    return Buffer.concat(chunks, sizeBytes);
  } finally {
    signal.removeEventListener('abort', stop);
    body.destroy();
  }
}

function tooLarge(size: string, bytesMax: number): ItemFailure {
  return new ItemFailure('too_large', `it has ${size}; the limit is ${bytesMax} bytes`);
}
