import type { Readable } from 'node:stream';
import { ItemFailure } from '../item-failure.js';

/**
 * All bytes of a stream, at most `bytesMax`. The announced length decides early, but only what comes is believed:
 * too much is cut off while it streams, too little is a broken transfer.
 * @throws {ItemFailure} too_large, source_unavailable
 * @throws errors of the stream as they are
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
    const { chunks, sizeBytes } = await collect(body, bytesMax);
    if (announcedBytes !== undefined && sizeBytes !== announcedBytes) {
      throw new ItemFailure('source_unavailable', `${sizeBytes} of ${announcedBytes} announced bytes came`);
    }
    return chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, sizeBytes);
  } finally {
    signal.removeEventListener('abort', stop);
    body.destroy();
  }
}

/** By events: an async iterator costs several turns of the event loop for each 64 kB. */
function collect(body: Readable, bytesMax: number): Promise<{ chunks: Buffer[]; sizeBytes: number }> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let sizeBytes = 0;
    body.on('data', (chunk: Buffer) => {
      sizeBytes += chunk.length;
      chunks.push(chunk);
      if (sizeBytes > bytesMax) reject(tooLarge('more', bytesMax));
    });
    body.once('end', () => resolve({ chunks, sizeBytes }));
    body.once('error', reject);
    body.once('close', () => {
      if (body.readableEnded) return;
      reject(new ItemFailure('source_unavailable', 'the connection closed before the end of the body'));
    });
  });
}

function tooLarge(size: string, bytesMax: number): ItemFailure {
  return new ItemFailure('too_large', `it has ${size}; the limit is ${bytesMax} bytes`);
}
