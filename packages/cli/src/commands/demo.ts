import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { readBundle } from '@tuhai/core/model/bundle';
import { openSource } from '@tuhai/core/source/open-source';
import { registerModel } from '@tuhai/core/store/register-model';
import type { Run } from '@tuhai/core/store/runs';
import { searchImages } from '@tuhai/core/store/search-images';
import { topLabels } from '@tuhai/core/store/top-labels';
import { openModel } from '../direct/open-model.js';
import { stopEmbeddedPostgres } from '../embedded/postgres/embedded-postgres.js';
import { startFolderS3 } from '../embedded/s3/folder-s3.js';
import { createProgress } from '../progress.js';
import { readLabelFile } from '../read-label-file.js';
import { runSource } from '../run-source.js';
import { demoBundle, openStack, workerEnvironment, type Stack } from '../stack.js';
import { configOf, environmentOf, logOf, print, type Terminal } from '../terminal.js';

const bucket = 'tuhai-demo';
const samples = join(demoBundle, 'samples');
const queries = ['苹果', '红色的汽车', '下雨', '生日蛋糕', '狗', '踢足球'];

interface DemoReport {
  images: number;
  embedded: number;
  failed: number;
  seconds: number;
  imagesPerSecond: number;
  /** Of the sample pictures, those whose best label of all the Chinese names is their own. */
  labelTop1: number;
  searches: { query: string; hits: { key: string; score: number }[] }[];
}

export function addDemoCommand(program: Command, terminal: Terminal): void {
  program
    .command('demo')
    .description('a sample bucket through S3, queue, worker, Postgres and search, all of it embedded')
    .option('--serve', 'keep API and page open afterwards')
    .action(async ({ serve }: { serve?: true }, command: Command) => {
      const home = await mkdtemp(join(tmpdir(), 'tuhai-demo-'));
      const s3 = await startFolderS3({ directory: samples, bucket });
      const embedded = embeddedEnvironment(environmentOf(command, terminal.env), home, s3.endpoint);
      const demoTerminal = { ...terminal, env: embedded };
      let stack: Stack | undefined;
      try {
        stack = await openStack(configOf(command, demoTerminal));
        const run = await runSamples(stack, embedded, terminal);
        if (terminal.signal.aborted) return;
        const report = await makeReport(stack, run);
        print(command, terminal, report, () => describe(report));
        if (run.failed > 0) terminal.exitCode = 3;
        if (serve) await servePage(stack, terminal);
      } finally {
        await stack?.close();
        await s3.close();
        await stopEmbeddedPostgres({ home });
        await rm(home, { recursive: true, force: true });
      }
    });
}

/** Nothing of the user's own services, data or keys. */
function embeddedEnvironment(env: NodeJS.ProcessEnv, home: string, endpoint: string): NodeJS.ProcessEnv {
  const {
    DATABASE_URL: _database,
    REDIS_URL: _redis,
    AWS_SESSION_TOKEN: _token,
    AWS_PROFILE: _profile,
    ...rest
  } = env;
  const credentials = { AWS_ACCESS_KEY_ID: 'demo', AWS_SECRET_ACCESS_KEY: 'demo', AWS_REGION: 'us-east-1' };
  return { ...rest, ...credentials, TUHAI_HOME: home, S3_ENDPOINT: endpoint, MODEL_DIR: demoBundle };
}

async function runSamples(
  stack: Stack,
  env: NodeJS.ProcessEnv,
  terminal: Terminal,
): Promise<Run & { seconds: number }> {
  const startedMs = performance.now();
  const source = await openSource(`s3://${bucket}/`, { s3: stack.config.s3 });
  const run = await runSource({
    stack,
    bundle: await readBundle(stack.config.modelDir, stack.config),
    source,
    log: logOf(stack.config),
    signal: terminal.signal,
    labelSets: [await readLabelFile(join(demoBundle, 'labels.yaml'))],
    prune: false,
    chunkSize: 16,
    until: 'work',
    workerEnv: workerEnvironment(stack.config, env),
    progress: createProgress(terminal.stderr, 'images'),
    note: (line) => terminal.stderr.write(`${line}\n`),
  });
  return { ...run, seconds: (performance.now() - startedMs) / 1000 };
}

async function makeReport({ database, config }: Stack, run: Run & { seconds: number }): Promise<DemoReport> {
  const opened = await openModel(config.modelDir, config);
  try {
    const model = await registerModel(database, opened.bundle);
    const text = await opened.textTower();
    const searches = [];
    for (const query of queries) {
      const hits = await searchImages(database, model, { vector: await text.embed([query]), k: 5 });
      searches.push({ query, hits: hits.map(({ key, cosine }) => ({ key, score: cosine })) });
    }
    return {
      images: run.listed,
      embedded: run.embedded,
      failed: run.failed,
      seconds: Number(run.seconds.toFixed(2)),
      imagesPerSecond: Number((run.embedded / run.seconds).toFixed(1)),
      labelTop1: await labelAccuracy(database, model.id, run.labelSetIds[0] as number),
      searches,
    };
  } finally {
    await opened.release();
  }
}

async function labelAccuracy(
  database: Stack['database'],
  modelId: number,
  labelSetId: number,
): Promise<number> {
  const truth = JSON.parse(await readFile(join(demoBundle, 'samples.json'), 'utf8')) as Record<
    string,
    string
  >;
  const best = await topLabels(database, { modelId, labelSetId });
  return Number((best.filter(({ key, label }) => truth[key] === label).length / best.length).toFixed(4));
}

function describe(report: DemoReport): string[] {
  const { images, embedded, failed, seconds, imagesPerSecond, labelTop1, searches } = report;
  return [
    `${images} images: ${embedded} embedded, ${failed} failed, in ${seconds} s (${imagesPerSecond} images/s)`,
    `best of all Chinese labels is the right one for ${(labelTop1 * 100).toFixed(1)} %`,
    ...searches.flatMap(({ query, hits }) => [
      `\n${query}`,
      ...hits.map(({ key, score }) => `  ${score.toFixed(3)}  ${key}`),
    ]),
  ];
}

async function servePage({ config }: Stack, terminal: Terminal): Promise<void> {
  // Loaded only here: that takes longer than all the rest of the command.
  const { startApi } = await import('@tuhai/api/start-api');
  const api = await startApi({ config, log: logOf(config) });
  terminal.stderr.write(`\nAPI and page at ${api.url}, until Ctrl-C\n`);
  if (!terminal.signal.aborted) await once(terminal.signal, 'abort');
  await api.close();
}
