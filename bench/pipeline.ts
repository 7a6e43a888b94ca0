import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { measureCeiling } from './ceiling.js';
import { measurePipeline } from './pipeline-once.js';
import { samplePhotos } from './sample-photos.js';

const usage = 'npm run bench pipeline -- [--model DIR]… [--images N] [--rounds N] [--photos DIR] [--batch N]';

/** Images/s end to end over what decoding and inference alone allow on the same cores, in alternating rounds. */
export async function benchPipeline(argv: string[]): Promise<void> {
  const { values } = parseArgs({
    args: argv,
    options: {
      model: { type: 'string', multiple: true, default: ['models/demo'] },
      images: { type: 'string', default: '600' },
      rounds: { type: 'string', default: '5' },
      batch: { type: 'string', default: '8' },
      photos: { type: 'string', default: '../shared/data/photos' },
    },
  });
  const [images, rounds, batchSize] = [Number(values.images), Number(values.rounds), Number(values.batch)];
  const processes = availableParallelism();
  const scratch = await mkdtemp(join(tmpdir(), 'tuhai-bench-photos-'));
  const folder = join(scratch, 'photos');
  try {
    const pictures = await samplePhotos(folder, images, resolve(values.photos));
    process.stderr.write(
      `${usage}\n${pictures}; ${processes} × ${cpus()[0]?.model}; Node ${process.version}; batch ${batchSize}\n`,
    );
    const results = [];
    for (const dir of values.model) {
      const options = { modelDir: resolve(dir), folder, images, batchSize, processes };
      const ceiling: number[] = [];
      const pipeline: number[] = [];
      for (let round = 0; round < rounds; round++) {
        ceiling.push(await measureCeiling(options));
        pipeline.push(await measurePipeline(options));
        process.stderr.write(
          `${basename(dir)} round ${round + 1}: ${line(ceiling.at(-1), pipeline.at(-1))}\n`,
        );
      }
      const ratios = pipeline.map((rate, i) => rate / (ceiling[i] as number));
      results.push({
        model: basename(dir),
        ceiling: spread(ceiling),
        pipeline: spread(pipeline),
        efficiency: spread(ratios),
      });
    }
    console.table(
      results.map(({ model, ...r }) => ({
        model,
        ceiling: r.ceiling.median,
        pipeline: r.pipeline.median,
        'efficiency (median of rounds)': r.efficiency.median,
      })),
    );
    process.stdout.write(`${JSON.stringify({ pictures, processes, batchSize, rounds, results })}\n`);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

const line = (ceiling = 0, pipeline = 0): string =>
  `${ceiling.toFixed(1)} images/s decode + inference, ${pipeline.toFixed(1)} end to end, ${(pipeline / ceiling).toFixed(3)}`;

function spread(values: number[]): { min: number; median: number; max: number } {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (i: number): number => Number((sorted[i] as number).toFixed(3));
  return { min: at(0), median: at(Math.floor(sorted.length / 2)), max: at(sorted.length - 1) };
}
