import { MessageChannel } from 'node:worker_threads';

const { port1: drain, port2 } = new MessageChannel();
port2.close();

/**
 * Gives the memory of a large array back at once; its length is 0 from then on. Left to itself V8 takes it for pressure,
 * and walks through the whole heap every some tens of pictures.
 * @param bytes alone in an ArrayBuffer that can be transferred
 */
export function freeBytes(bytes: Uint8Array): void {
  // A port that nobody listens to takes over what it is sent, and drops it.
  drain.postMessage(null, [bytes.buffer as ArrayBuffer]);
}
