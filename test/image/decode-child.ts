import { readFile } from 'node:fs/promises';
import { configureSharp } from '@tuhai/core/image/configure-sharp';
import { decodeImage } from '@tuhai/core/image/decode-image';
import { defaultImageLimits } from '@tuhai/core/image/limits';
import { readPreprocessing } from '@tuhai/core/image/preprocessing';
import { toItemFailure } from '@tuhai/core/item-failure';
import { families } from '@tuhai/core/model/families';

configureSharp();
const preprocessing = readPreprocessing({}, families.clip.preprocessing, 'defaults');

process.on('message', async (file: string) => {
  const started = performance.now();
  const { result, message } = await decode(file);
  const peakMb = Math.round(process.resourceUsage().maxRSS / 1024);
  process.send?.({ file, result, message, wallMs: Math.round(performance.now() - started), peakMb });
});

async function decode(file: string): Promise<{ result: string; message: string }> {
  try {
    const { pixels } = await decodeImage(await readFile(file), preprocessing, defaultImageLimits);
    return { result: 'ok', message: `${pixels.length}` };
  } catch (error) {
    const failure = toItemFailure(error);
    return { result: failure.code, message: failure.message };
  }
}
