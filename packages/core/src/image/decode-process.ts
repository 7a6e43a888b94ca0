import { decodeImage } from './decode-image.js';
import { configureSharp } from './configure-sharp.js';
import { toItemFailure } from '../item-failure.js';

export type DecodeImage = typeof decodeImage;
export type DecodeRequest = {
  bytes: Uint8Array;
  preprocessing: Parameters<DecodeImage>[1];
  limits: Parameters<DecodeImage>[2];
};
export type DecodeReply =
  | { ok: true; image: Awaited<ReturnType<DecodeImage>> }
  | { ok: false; code: string; message: string };

/** Serves a careful decoder from the process it has forked, until that disconnects. */
export function serveDecoder(decode: DecodeImage): void {
  process.on('message', async ({ bytes, preprocessing, limits }: DecodeRequest) => {
    const reply = await decode(bytes, preprocessing, limits).then(
      (image): DecodeReply => ({ ok: true, image }),
      (error): DecodeReply => {
        const { code, message } = toItemFailure(error);
        return { ok: false, code, message };
      },
    );
    process.send?.(reply);
  });
}

if (process.send && import.meta.filename === process.argv[1]) {
  configureSharp();
  serveDecoder(decodeImage);
}
