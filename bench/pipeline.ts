import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { Precision } from '@tuhai/core/model/precision';
import { measureCeiling } from './ceiling.js';
import { ratios, spread, type Measured } from './measured.js';
import { measurePipeline, type CpuByRole, type PipelineRound } from './pipeline-once.js';
import { report } from './report.js';
import { samplePhotos } from './sample-photos.js';

/** Each process has that much behind it before the clock starts: code is compiled, connections are made. */
const warmUpImages = 128;

/**
 * Images/s end to end over what decoding and inference alone allow on the same cores, in alternating rounds; and the
 * same of CPU time, which other work on the machine disturbs less. With --apart everything but the workers runs on a core
 * of its own, as S3, database and queue do in production.
 * [--model DIR]… [--images N] [--rounds N] [--photos DIR] [--batch N] [--precision fp32|int8] [--apart]
 */
export async function benchPipeline(argv: string[]): Promise<void> {
  const { values } = parseArgs({
    args: argv,
    options: {
      model: { type: 'string', multiple: true, default: ['models/demo'] },
      images: { type: 'string', default: '1000' },
      rounds: { type: 'string', default: '5' },
      batch: { type: 'string', default: '8' },
      precision: { type: 'string', default: 'fp32' },
      apart: { type: 'boolean', default: false },
      photos: { type: 'string', default: '../shared/data/photos' },
    },
  });
  const [images, rounds, batchSize] = [Number(values.images), Number(values.rounds), Number(values.batch)];
  const all = Array.from({ length: availableParallelism() }, (_, core) => core);
  if (values.apart && all.length < 2) throw new Error('--apart takes two cores at least');
  const cores = values.apart ? { workers: all.slice(0, -1), others: all.slice(-1) } : undefined;
  const processes = (cores?.workers ?? all).length;
  const precision = values.precision as Precision;
  const scratch = await mkdtemp(join(tmpdir(), 'tuhai-bench-photos-'));
  try {
    const pictures = await samplePhotos(join(scratch, 'photos'), images, resolve(values.photos));
    await samplePhotos(join(scratch, 'warm-up'), warmUpImages * processes, resolve(values.photos));
    const results = [];
    for (const dir of values.model) {
      const options = { modelDir: resolve(dir), precision, scratch, images, batchSize, processes };
      const ceiling: Measured[] = [];
      const pipeline: PipelineRound[] = [];
      for (let round = 0; round < rounds; round++) {
        ceiling.push(await measureCeiling({ ...options, cores: cores?.workers }));
        pipeline.push(await measurePipeline({ ...options, cores }));
      }
      results.push({ model: basename(dir), ...compare(ceiling, pipeline) });
    }
    for (const { model, stages } of results) {
      process.stdout.write(
        `${model}, stages of a worker in the last round: busy share, tenth by tenth of the run\n`,
      );
      console.table(
        Object.fromEntries(
          stages.map(({ stage, busy, depth, tenths }) => [stage, { busy, depth, tenths: tenths.join(' ') }]),
        ),
      );
    }
    report('pipeline', {
      conditions: `${pictures}; ${precision}; ${processes} worker processes, batches of ${batchSize}, ${rounds} rounds; ${values.apart ? 'all else on a core of its own' : 'all else on the same cores'}`,
      table: results.map(({ model, ...r }) => ({
        model,
        'ceiling images/s': r.ceiling.imagesPerSecond.median,
        'end to end images/s': r.pipeline.imagesPerSecond.median,
        efficiency: r.efficiency.median,
        'ceiling CPU ms': r.ceiling.cpuMs.median,
        ...Object.fromEntries(Object.entries(r.cpuByRole).map(([role, ms]) => [`${role} CPU ms`, ms.median])),
      })),
      ratio: results
        .map(
          ({ model, efficiency: e, workerCpu: c }) =>
            `${model}: efficiency ${e.median} (${e.min} to ${e.max}); the ceiling's CPU time over the workers' ${c.median}`,
        )
        .join('\n'),
      details: { results },
    });
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

function compare(ceiling: Measured[], pipeline: PipelineRound[]) {
  const role = (name: keyof CpuByRole) => pipeline.map(({ cpuByRole }) => cpuByRole[name]);
  return {
    ceiling: { imagesPerSecond: spread(rates(ceiling)), cpuMs: spread(costs(ceiling)) },
    pipeline: { imagesPerSecond: spread(rates(pipeline)), cpuMs: spread(costs(pipeline)) },
    efficiency: ratios(rates(pipeline), rates(ceiling)),
    workerCpu: ratios(costs(ceiling), role('workers')),
    stages: pipeline.at(-1)?.stages ?? [],
    cpuByRole: {
      workers: spread(role('workers')),
      database: spread(role('database')),
      s3: spread(role('s3')),
      producer: spread(role('producer')),
    },
  };
}

const rates = (of: Measured[]) => of.map(({ imagesPerSecond }) => imagesPerSecond);
const costs = (of: Measured[]) => of.map(({ cpuMsPerImage }) => cpuMsPerImage);
