import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Precision } from '@tuhai/core/model/precision';
import { workerFlags } from '@tuhai/worker/supervise';
import type { Measured } from './measured.js';
import { pin } from './pin.js';

/** Decoding and inference alone, in as many processes as the pipeline has workers. */
export async function measureCeiling(options: {
  modelDir: string;
  precision: Precision;
  /** It has the folders `photos` and `warm-up`. */
  scratch: string;
  images: number;
  batchSize: number;
  processes: number;
  /** Where they run; default: anywhere. */
  cores?: readonly number[] | undefined;
}): Promise<Measured> {
  const module = new URL('ceiling-process.ts', import.meta.url);
  const env = { ...process.env, UV_THREADPOOL_SIZE: '4' };
  const children = Array.from({ length: options.processes }, (_, share): ChildProcess => {
    const { modelDir, precision, scratch, batchSize, processes } = options;
    const argv = [modelDir, precision, scratch, batchSize, share, processes].map(String);
    return fork(module, argv, { env, execArgv: ['--import=tsx', ...workerFlags] });
  });
  await Promise.all(children.map((child) => once(child, 'message')));
  if (options.cores)
    await pin(
      children.map(({ pid = 0 }) => pid),
      options.cores,
    );
  const startedMs = performance.now();
  const done = children.map((child) => once(child, 'message'));
  for (const child of children) child.send('go');
  const cpuMs = (await Promise.all(done)).reduce((sum, [ms]) => sum + (ms as number), 0);
  return {
    imagesPerSecond: options.images / ((performance.now() - startedMs) / 1000),
    cpuMsPerImage: cpuMs / options.images,
  };
}
