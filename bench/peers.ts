import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { ratios, spread, type Measured } from './measured.js';
import { startPeer, type Peer } from './peers/peer-process.js';
import { cacheDir, python, randomBundle } from './random-bundle.js';
import { report } from './report.js';
import { samplePhotos } from './sample-photos.js';

const cores = availableParallelism();
const transformersJs = '@huggingface/transformers@4.3.1';
const installClipRetrieval =
  'python3 -m venv .venv-clip-retrieval && .venv-clip-retrieval/bin/pip install clip-retrieval==2.45.0 ' +
  "torch==2.14.1 torchvision==0.29.1 'transformers<5' 'setuptools<81'";
const script = (name: string): string => join(import.meta.dirname, 'peers', name);
const node = (name: string, ...args: string[]): readonly [string, ...string[]] => [
  process.execPath,
  '--import=tsx',
  script(name),
  ...args,
];

/**
 * Bytes to embeddings with the same weights and photographs on all cores, Tuhai beside its peers in alternating rounds:
 * in batches, and one picture at a time.
 * [--images N] [--single N] [--rounds N] [--batch N] [--photos DIR] [--clip-retrieval PYTHON]
 */
export async function benchPeers(argv: string[]): Promise<void> {
  const { values } = parseArgs({
    args: argv,
    options: {
      images: { type: 'string', default: '96' },
      single: { type: 'string', default: '16' },
      rounds: { type: 'string', default: '3' },
      batch: { type: 'string', default: '8' },
      photos: { type: 'string', default: '../shared/data/photos' },
      'clip-retrieval': { type: 'string', default: '.venv-clip-retrieval/bin/python' },
    },
  });
  const [rounds, batchSize] = [Number(values.rounds), Number(values.batch)];
  const scratch = await mkdtemp(join(tmpdir(), 'tuhai-bench-photos-'));
  const folder = join(scratch, 'photos');
  try {
    const pictures = await samplePhotos(folder, Number(values.images), resolve(values.photos));
    const files = (await readdir(folder)).toSorted().map((name) => join(folder, name));
    const ways = await waysOf(values['clip-retrieval']);
    const modes = {
      batch: { files, batchSize },
      single: { files: files.slice(0, Number(values.single)), batchSize: 1 },
    };
    const results = new Map(Object.keys(ways).map((name) => [name, newResult()]));
    let reference: number[][] = [];
    for (let round = 0; round < rounds; round++) {
      for (const [name, way] of Object.entries(ways)) {
        const result = results.get(name) as Result;
        for (const mode of ['batch', 'single'] as const) {
          const peer = await way[mode]();
          try {
            // A first batch warms caches and compilers up, for everybody.
            await peer.measure({ files: files.slice(0, 2 * batchSize), batchSize: modes[mode].batchSize });
            const measured = await peer.measure(modes[mode]);
            result[mode].push(measured);
            if (name === 'tuhai' && mode === 'single') reference = measured.embeddings;
            if (mode === 'single') result.cosineMin = cosineMin(measured.embeddings, reference);
          } finally {
            await peer.close();
          }
        }
      }
    }
    print(results, `${pictures}; CLIP ViT-B/32, random weights; batches of ${batchSize}; ${rounds} rounds`);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

interface Result {
  batch: Measured[];
  single: Measured[];
  /** To Tuhai's own fp32 embeddings of the same files. */
  cosineMin: number;
}

const newResult = (): Result => ({ batch: [], single: [], cosineMin: 1 });

type Way = Record<'batch' | 'single', () => Promise<Peer>>;

/** The first is the one that others are compared with. */
async function waysOf(clipRetrieval: string): Promise<Record<string, Way>> {
  const { checkpoint, bundle, plain } = await randomBundle();
  const installed = await installTransformersJs();
  // One process a core for batches, as workers have it; all cores for a single picture, as the API has it.
  const tuhai = (precision: string): Way => ({
    batch: () => startPeer(node('tuhai.ts', bundle, precision, '1'), cores),
    single: () => startPeer(node('tuhai.ts', bundle, precision, String(cores))),
  });
  return {
    tuhai: tuhai('fp32'),
    'tuhai int8': tuhai('int8'),
    'transformers.js': both(node('transformers-js.ts', installed, plain, 'fp32')),
    'transformers.js q8': both(node('transformers-js.ts', installed, plain, 'q8')),
    'transformers, PyTorch': both([python, script('python_peer.py'), 'transformers', checkpoint]),
    'onnxruntime, Pillow': both([python, script('python_peer.py'), 'onnxruntime', plain]),
    ...clipRetrievalPeer(clipRetrieval, checkpoint),
  };
}

/** In an environment of its own: it wants older versions of almost everything. */
function clipRetrievalPeer(interpreter: string, checkpoint: string): Record<string, Way> {
  if (existsSync(interpreter)) {
    const args = ['-W', 'ignore', script('clip_retrieval_peer.py'), checkpoint];
    return { 'clip-retrieval': both([resolve(interpreter), ...args]) };
  }
  process.stderr.write(`without clip-retrieval, which is installed by: ${installClipRetrieval}\n`);
  return {};
}

/** Into a folder of its own: nothing of Tuhai depends on it. */
async function installTransformersJs(): Promise<string> {
  const folder = join(cacheDir, 'transformers-js');
  if (existsSync(join(folder, 'node_modules', '@huggingface', 'transformers'))) return folder;
  process.stderr.write(`installing ${transformersJs}, once\n`);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'package.json'), '{"private":true}');
  await promisify(execFile)(
    'npm',
    ['install', '--ignore-scripts', '--no-audit', '--no-fund', transformersJs],
    {
      cwd: folder,
    },
  );
  return folder;
}

function print(results: ReadonlyMap<string, Result>, conditions: string): void {
  const ours = results.get('tuhai') as Result;
  const rows = [...results].map(([name, { batch, single, cosineMin: cosine }]) => ({
    name,
    imagesPerSecond: spread(rates(batch)),
    cpuMsPerImage: spread(batch.map(({ cpuMsPerImage }) => cpuMsPerImage)),
    singleMs: spread(rates(single).map((rate) => 1_000 / rate)),
    cosineMin: Number(cosine.toFixed(5)),
    tuhaiOver: ratios(rates(ours.batch), rates(batch)),
    int8Over: ratios(rates((results.get('tuhai int8') as Result).batch), rates(batch)),
    singleTuhaiOver: ratios(rates(ours.single), rates(single)),
  }));
  const peers = rows.filter(({ name }) => !name.startsWith('tuhai'));
  const fp32 = peers.filter(({ name }) => !name.endsWith('q8'));
  const least = (of: typeof rows, key: 'tuhaiOver' | 'int8Over'): number =>
    Math.min(...of.map((row) => row[key].median));
  report('peers', {
    conditions,
    table: rows.map((row) => ({
      name: row.name,
      'images/s': row.imagesPerSecond.median,
      'CPU ms/image': row.cpuMsPerImage.median,
      'single, ms': row.singleMs.median,
      'least cosine': row.cosineMin,
      'tuhai is × as fast': row.tuhaiOver.median,
      'int8 is × as fast': row.int8Over.median,
      'single ×': row.singleTuhaiOver.median,
    })),
    ratio: `over the best of them in fp32: ${least(fp32, 'tuhaiOver')}, with int8 ${least(fp32, 'int8Over')}`,
    details: { results: rows },
  });
}

function cosineMin(some: number[][], others: number[][]): number {
  return Math.min(
    ...some.map((a, row) => {
      const b = others[row] as number[];
      return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
    }),
  );
}

const both = (...command: Parameters<typeof startPeer>): Way => ({
  batch: () => startPeer(...command),
  single: () => startPeer(...command),
});

const rates = (of: Measured[]): number[] => of.map(({ imagesPerSecond }) => imagesPerSecond);

const dot = (x: number[], y: number[]) => x.reduce((sum, value, i) => sum + value * (y[i] as number), 0);
