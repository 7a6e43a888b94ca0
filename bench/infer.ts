import { readBundle } from '@tuhai/core/model/bundle';
import { existsSync } from 'node:fs';
import { loadImageTower } from '@tuhai/core/model/image-tower';
import { availableParallelism } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ownCpuMs } from './cpu-time.js';
import { spread, type Spread } from './measured.js';
import { randomBundle } from './random-bundle.js';
import { report } from './report.js';

interface Row {
  model: string;
  precision: keyof typeof suffixes;
  intraOpThreads: number;
  batchSize: number;
  msPerImage: Spread;
  cpuMsPerImage: Spread;
}

const batchSizes = [1, 4, 8, 16];

/**
 * The image tower alone, pixels in memory: batch sizes × intra-op threads × the precisions that a bundle has.
 * [--model DIR]… [--rounds N]; default: a random ViT-B/32
 */
export async function benchInfer(argv: string[]): Promise<void> {
  const { values } = parseArgs({
    args: argv,
    options: { model: { type: 'string', multiple: true }, rounds: { type: 'string', default: '3' } },
  });
  const rounds = Number(values.rounds);
  const models = values.model ?? [(await randomBundle()).bundle];
  const threads = [...new Set([1, availableParallelism()])];
  const results: Row[] = [];
  for (const dir of models)
    for (const precision of precisionsOf(dir))
      for (const intraOpThreads of threads) {
        const bundle = await readBundle(dir, { precision });
        const tower = await loadImageTower(bundle, { executionProviders: ['cpu'], intraOpThreads });
        const { width, height } = bundle.preprocessing.output;
        const image = Uint8Array.from({ length: width * height * 3 }, (_, i) => i % 251);
        const measured = new Map(
          batchSizes.map((size) => [size, { wall: [] as number[], cpu: [] as number[] }]),
        );
        for (let round = -1; round < rounds; round++)
          for (const size of batchSizes) {
            const batch = Array.from({ length: size }, () => image);
            const before = process.cpuUsage();
            const startedMs = performance.now();
            await tower.embed(batch);
            if (round < 0) continue;
            measured.get(size)?.wall.push((performance.now() - startedMs) / size);
            measured.get(size)?.cpu.push(ownCpuMs(before) / size);
          }
        await tower.release();
        for (const [batchSize, { wall, cpu }] of measured)
          results.push({
            model: basename(resolve(dir)),
            precision,
            intraOpThreads,
            batchSize,
            msPerImage: spread(wall),
            cpuMsPerImage: spread(cpu),
          });
      }
  const best = (precision: Row['precision']) =>
    Math.min(
      ...results
        .filter((r) => r.precision === precision && r.model === basename(resolve(models.at(-1) as string)))
        .map((r) => r.cpuMsPerImage.median),
    );
  report('infer', {
    conditions: `image tower alone, ${rounds} rounds`,
    table: results.map((r) => ({
      what: `${r.model} ${r.precision}, ${r.intraOpThreads} threads, batch ${r.batchSize}`,
      'ms/image': r.msPerImage.median,
      'CPU ms/image': r.cpuMsPerImage.median,
      'images/s': Math.round(10_000 / r.msPerImage.median) / 10,
    })),
    ratio: `${basename(models.at(-1) as string)}: fp32 over int8 CPU time, each at its best: ${(best('fp32') / best('int8')).toFixed(2)}`,
    details: { results },
  });
}

const suffixes = { fp32: '', int8: '_quantized' } as const;

/** Half precision is left out: a CPU has no kernels for it. */
const precisionsOf = (dir: string) =>
  (Object.keys(suffixes) as (keyof typeof suffixes)[]).filter((precision) =>
    existsSync(join(dir, 'onnx', `vision_model${suffixes[precision]}.onnx`)),
  );
