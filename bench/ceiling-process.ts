import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { configureSharp } from '@tuhai/core/image/configure-sharp';
import { decodeImage } from '@tuhai/core/image/decode-image';
import { defaultImageLimits } from '@tuhai/core/image/limits';
import { readBundle } from '@tuhai/core/model/bundle';
import type { Precision } from '@tuhai/core/model/precision';
import { loadImageTower } from '@tuhai/core/model/image-tower';
import { createBatcher } from '@tuhai/worker/batcher';
import pLimit from 'p-limit';
import { ownCpuMs } from './cpu-time.js';

/**
 * What decoding and inference alone allow in one process: bytes are in memory, embeddings go nowhere.
 * argv: model, precision, folder of `photos` and `warm-up`, batch size, share, shares. Says "ready" when warm, begins at
 * the first message, answers when done with the CPU time it took, ms.
 */
const [modelDir = '', precision = '', scratch = '', batchSize = '', share = '', shares = ''] =
  process.argv.slice(2);
configureSharp();
const bundle = await readBundle(modelDir, { precision: precision as Precision });
const tower = await loadImageTower(bundle, { executionProviders: ['cpu'], intraOpThreads: 1 });
const batcher = createBatcher({
  run: (batch) => tower.embed(batch),
  sizeMax: Number(batchSize),
  waitMsMax: 20,
});
const inFlight = pLimit(Math.max(64, 4 * Number(batchSize)));

async function readShare(name: 'photos' | 'warm-up'): Promise<Buffer[]> {
  const folder = join(scratch, name);
  const names = (await readdir(folder)).filter((_, i) => i % Number(shares) === Number(share));
  return Promise.all(names.map((file) => readFile(join(folder, file))));
}

const embedAll = (images: Buffer[]) =>
  Promise.all(
    images.map((bytes) =>
      inFlight(async () => {
        const { pixels } = await decodeImage(bytes, bundle.preprocessing, defaultImageLimits);
        await batcher.embed(pixels);
      }),
    ),
  );

await embedAll(await readShare('warm-up'));
const images = await readShare('photos');
process.once('message', async () => {
  const before = process.cpuUsage();
  await embedAll(images);
  process.send?.(ownCpuMs(before));
  process.disconnect();
});
process.send?.('ready');
