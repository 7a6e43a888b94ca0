import { configureSharp } from '@tuhai/core/image/configure-sharp';
import { decodeImage } from '@tuhai/core/image/decode-image';
import { defaultImageLimits } from '@tuhai/core/image/limits';
import { readBundle, type Precision } from '@tuhai/core/model/bundle';
import { loadImageTower } from '@tuhai/core/model/image-tower';
import { createBatcher } from '@tuhai/worker/batcher';
import pLimit from 'p-limit';
import { servePeer } from './serve-peer.js';

/** Tuhai's own way from bytes to embeddings, as a worker process has it. argv: bundle, precision, threads. */
const [dir = '', precision = 'fp32', threads = '1'] = process.argv.slice(2);
configureSharp();
const bundle = await readBundle(dir, { precision: precision as Precision });
const tower = await loadImageTower(bundle, { executionProviders: ['cpu'], intraOpThreads: Number(threads) });
const decode = async (bytes: Uint8Array) =>
  (await decodeImage(bytes, bundle.preprocessing, defaultImageLimits)).pixels;

await servePeer(async (images, batchSize) => {
  if (batchSize === 1) {
    const embeddings = [];
    for (const bytes of images) embeddings.push(await tower.embed([await decode(bytes)]));
    return embeddings;
  }
  const batcher = createBatcher({ run: (batch) => tower.embed(batch), sizeMax: batchSize, waitMsMax: 20 });
  const inFlight = pLimit(4 * batchSize);
  return inFlight.map(images, async (bytes) => batcher.embed(await decode(bytes)));
});
