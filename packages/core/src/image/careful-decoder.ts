import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { ItemFailure, type FailureCode } from '../item-failure.js';
import type { DecodeImage, DecodeReply } from './decode-process.js';

export interface CarefulDecoder {
  decode: DecodeImage;
  close(): Promise<void>;
}

/**
 * Decodes one image at a time in a process of its own. Slow, so it is for the chunks that a worker died with,
 * and for uploads: here the image that kills its decoder is the only one that can be meant.
 * @throws {ItemFailure} as the decoder does, and `decoder_crashed` or `timeout`.
 */
export function createCarefulDecoder(options: { timeoutMs: number; module?: URL }): CarefulDecoder {
  const module = options.module ?? new URL('decode-process.js', import.meta.url);
  let child: ChildProcess | undefined;
  let previous: Promise<unknown> = Promise.resolve();

  function startDecoder(): ChildProcess {
    const started = fork(module, {
      serialization: 'advanced',
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    // It may die between two images as well: the next one then gets another.
    return started.once('exit', () => {
      if (child === started) child = undefined;
    });
  }

  async function decodeAlone(
    ...[bytes, preprocessing, limits]: Parameters<DecodeImage>
  ): ReturnType<DecodeImage> {
    const decoder = (child ??= startDecoder());
    const settled = new AbortController();
    const timer = setTimeout(() => decoder.kill('SIGKILL'), options.timeoutMs);
    const startedMs = Date.now();
    try {
      // What cannot be sent because the decoder dies shows by its exit; unheard, the error would end this process too.
      decoder.send({ bytes, preprocessing, limits }, () => undefined);
      const [event] = (await Promise.race([
        once(decoder, 'message', settled).then(([reply]) => [reply]),
        once(decoder, 'exit', settled).then(([code, signal]) => [undefined, signal ?? `exit code ${code}`]),
      ])) as [DecodeReply | undefined, string?];
      if (event?.ok) return event.image;
      if (event) throw new ItemFailure(event.code as FailureCode, event.message);
      if (Date.now() - startedMs >= options.timeoutMs) {
        throw new ItemFailure('timeout', `decoding took longer than ${options.timeoutMs} ms`);
      }
      throw new ItemFailure('decoder_crashed', 'decoding this image kills the process that does it');
    } finally {
      clearTimeout(timer);
      settled.abort();
    }
  }

  /** A decoder may also be killed from outside: only an image that two of them die with is to blame. */
  async function decodeTwiceAtMost(...image: Parameters<DecodeImage>): ReturnType<DecodeImage> {
    return decodeAlone(...image).catch((error: Error) => {
      if (error instanceof ItemFailure && error.code === 'decoder_crashed') return decodeAlone(...image);
      throw error;
    });
  }

  return {
    decode(...image) {
      const result = previous.then(() => decodeTwiceAtMost(...image));
      previous = result.catch(() => undefined);
      return result;
    },
    async close() {
      await previous;
      child?.disconnect();
    },
  };
}
