import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import type { Config } from '@tuhai/core/config';
import type { TunedSettings } from '@tuhai/core/tuned-settings';
import { UsageError } from '@tuhai/core/usage-error';
import { decodeThreads, workerFlags, type WorkerMessage } from './supervise.js';
import type { TuneRequest } from './tune-process.js';

/** How the cores are shared out. */
interface Layout {
  processes: number;
  /** Of one process's session; absent: as many as onnxruntime likes. */
  intraOpThreads?: number;
  /** Of one process, libuv's. */
  decodeThreads: number;
}

export interface Measurement extends Layout {
  batchSize: number;
  imagesPerSecond: number;
}

export interface Tuned {
  measurements: Measurement[];
  best: Measurement;
  settings: TunedSettings;
}

const rounds = 2;
/** A setting that is better by less than this is taken for no better than the default. */
const gainMin = 1.03;

/**
 * Measures decoding and inference of photographs together: how many processes, threads and images a batch go fastest
 * with this bundle on this machine. Takes less than a minute where a model loads within seconds.
 * @param options.env whole environment of the processes: the configuration
 * @throws {UsageError} when the bundle cannot be opened
 */
export async function tuneWorkers(options: {
  env: NodeJS.ProcessEnv;
  config: Pick<Config, 'executionProviders' | 'batchSizeMax'>;
  onMeasured?: (measurement: Measurement) => void;
  /** Of each measurement. */
  ms?: number;
}): Promise<Tuned> {
  const { env, ms = 1_200 } = options;
  const onCpu = options.config.executionProviders[0] === 'cpu';
  const measurements: Measurement[] = [];
  const measure = async (layout: Layout, batchSizes: readonly number[]): Promise<void> => {
    for (const measurement of await measureLayout(layout, batchSizes, { env, ms })) {
      measurements.push(measurement);
      options.onMeasured?.(measurement);
    }
  };
  for (const layout of onCpu ? layoutsOfCores() : layoutsOfGpu)
    await measure(layout, onCpu ? [8, 1, 4, 16] : [64, 16, 32, 128]);
  const { batchSize, ...layout } = best(measurements);
  for (const factor of [0.5, 2])
    await measure({ ...layout, decodeThreads: Math.ceil(layout.decodeThreads * factor) }, [batchSize]);
  const chosen = best(measurements);
  return { measurements, best: chosen, settings: settingsOf(chosen) };
}

/** What is the default comes first. */
function layoutsOfCores(): Layout[] {
  const cores = availableParallelism();
  return [...new Set([cores, Math.ceil(cores / 2), 1])].map((processes) => ({
    processes,
    intraOpThreads: Math.floor(cores / processes),
    decodeThreads: decodeThreads(processes),
  }));
}

const layoutsOfGpu: Layout[] = [1, 2].map((processes) => ({
  processes,
  decodeThreads: decodeThreads(processes),
}));

/** The first is the default. */
function best([first, ...others]: Measurement[]): Measurement {
  if (!first) throw new UsageError('The model is too slow to be measured: not one image a second');
  const fastest = others.reduce((a, b) => (b.imagesPerSecond > a.imagesPerSecond ? b : a), first);
  return fastest.imagesPerSecond > first.imagesPerSecond * gainMin ? fastest : first;
}

const settingsOf = ({
  processes,
  intraOpThreads,
  decodeThreads: pool,
  batchSize,
}: Measurement): TunedSettings => ({
  WORKER_PROCESSES: String(processes),
  ...(intraOpThreads !== undefined && { INTRA_OP_THREADS: String(intraOpThreads) }),
  UV_THREADPOOL_SIZE: String(pool),
  BATCH_SIZE_MAX: String(batchSize),
});

/** Batch sizes in turns; those too slow to be measured are left out. */
async function measureLayout(
  layout: Layout,
  batchSizes: readonly number[],
  { env, ms }: { env: NodeJS.ProcessEnv; ms: number },
): Promise<Measurement[]> {
  const children: ChildProcess[] = [];
  try {
    for (let i = 0; i < layout.processes; i++)
      children.push(
        fork(new URL('tune-process.js', import.meta.url), {
          env: { ...env, ...settingsOf({ ...layout, batchSize: 1, imagesPerSecond: 0 }) },
          execArgv: [...process.execArgv, ...workerFlags],
          stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
        }),
      );
    for (const first of await Promise.all(children.map((child) => answerOf<WorkerMessage>(child))))
      if (first.type === 'fatal')
        throw first.usage ? new UsageError(first.message) : new Error(first.message);
    const rates = new Map<number, number>();
    for (let round = 0; round < rounds; round++)
      for (const batchSize of batchSizes) {
        const request: TuneRequest = { batchSize, ms };
        const answers = children.map((child) => answerOf<number | null>(child));
        for (const child of children) child.send(request);
        const shares = await Promise.all(answers);
        const rate = shares.reduce<number>((sum, share) => sum + (share ?? 0), 0);
        if (!shares.includes(null)) rates.set(batchSize, (rates.get(batchSize) ?? 0) + rate / rounds);
      }
    return [...rates].map(([batchSize, imagesPerSecond]) => ({ ...layout, batchSize, imagesPerSecond }));
  } finally {
    for (const child of children) child.kill('SIGKILL');
  }
}

async function answerOf<T>(child: ChildProcess): Promise<T> {
  const answered = once(child, 'message') as Promise<[T]>;
  const ended = once(child, 'exit').then(([code, signal]): never => {
    throw new Error(`A worker ended while it was measured: ${signal ?? `exit code ${code}`}`);
  });
  const [message] = await Promise.race([answered, ended]);
  return message;
}
