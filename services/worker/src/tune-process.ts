import { configureSharp } from '@tuhai/core/image/configure-sharp';
import { decodeImage } from '@tuhai/core/image/decode-image';
import { photoLikeJpeg } from '@tuhai/core/image/photo-like-jpeg';
import { readConfig } from '@tuhai/core/config';
import { readBundle } from '@tuhai/core/model/bundle';
import { loadImageTower } from '@tuhai/core/model/image-tower';
import { UsageError } from '@tuhai/core/usage-error';
import { createBatcher } from './batcher.js';
import type { WorkerMessage } from './supervise.js';

/** Decode and embed for so long in batches of so many; the answer is images/s, or null where two batches take longer. */
export interface TuneRequest {
  batchSize: number;
  ms: number;
}

const pictures = 4;

/** A worker process with nothing but decoding and inference, forked by `tuneWorkers`. */
try {
  const { modelDir = '', limits, ...config } = readConfig(process.env);
  configureSharp();
  const bundle = await readBundle(modelDir, config);
  const tower = await loadImageTower(bundle, config);
  const files = await Promise.all(Array.from({ length: pictures }, (_, i) => photoLikeJpeg(i)));
  const decode = async (i: number) =>
    (await decodeImage(files[i % pictures] as Buffer, bundle.preprocessing, limits)).pixels;
  const picture = await decode(0);
  await tower.embed([picture]);

  const imagesPerSecond = async ({ batchSize, ms }: TuneRequest): Promise<number | null> => {
    const warmUpMs = performance.now();
    await tower.embed(Array.from({ length: batchSize }, () => picture));
    if (2 * (performance.now() - warmUpMs) > ms) return null;
    const batcher = createBatcher({ run: (batch) => tower.embed(batch), sizeMax: batchSize, waitMsMax: 20 });
    const startedMs = performance.now();
    let images = 0;
    const lane = async (): Promise<void> => {
      for (; performance.now() - startedMs < ms; images++) await batcher.embed(await decode(images));
    };
    // One batch is decoded while another is embedded.
    await Promise.all(Array.from({ length: 2 * batchSize }, lane));
    return (images * 1_000) / (performance.now() - startedMs);
  };
  process.on('message', (request: TuneRequest) => {
    void imagesPerSecond(request).then((answer) => process.send?.(answer));
  });
  process.send?.({ type: 'ready' } satisfies WorkerMessage);
} catch (error) {
  const usage = error instanceof UsageError;
  process.send?.({ type: 'fatal', message: (error as Error).message, usage } satisfies WorkerMessage);
  process.disconnect();
}
