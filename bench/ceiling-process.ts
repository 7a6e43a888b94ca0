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
 * argv: model, precision, folder, batch size, share, shares. Says "ready", begins at the first message, answers when done with
 * the CPU time it took, ms.
 */
const [modelDir = '', precision = '', folder = '', batchSize = '', share = '', shares = ''] =
  process.argv.slice(2);
configureSharp();
const bundle = await readBundle(modelDir, { precision: precision as Precision });
const tower = await loadImageTower(bundle, { executionProviders: ['cpu'], intraOpThreads: 1 });
const names = (await readdir(folder)).filter((_, i) => i % Number(shares) === Number(share));
const images = await Promise.all(names.map((name) => readFile(join(folder, name))));
const batcher = createBatcher({
  run: (batch) => tower.embed(batch),
  sizeMax: Number(batchSize),
  waitMsMax: 20,
});
const inFlight = pLimit(Math.max(32, 4 * Number(batchSize)));

process.once('message', async () => {
  const before = process.cpuUsage();
  await Promise.all(
    images.map((bytes) =>
      inFlight(async () => {
        const { pixels } = await decodeImage(bytes, bundle.preprocessing, defaultImageLimits);
        await batcher.embed(pixels);
      }),
    ),
  );
  process.send?.(ownCpuMs(before));
  process.disconnect();
});
process.send?.('ready');
