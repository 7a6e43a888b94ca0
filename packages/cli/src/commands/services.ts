import { once } from 'node:events';
import { Option, type Command } from 'commander';
import { apiKeyEntry, hashApiKey, newApiKey, parseApiKeys, scopes, type Scope } from '@tuhai/core/api-keys';
import { checkRedis } from '@tuhai/core/queue/check-redis';
import { migrate } from '@tuhai/core/store/migrate';
import { storeTuned, tunedFile } from '@tuhai/core/tuned-settings';
import { supervise } from '@tuhai/worker/supervise';
import { tuneWorkers, type Measurement } from '@tuhai/worker/tune';
import { startEmbeddedPostgres } from '../embedded/postgres/embedded-postgres.js';
import { modelDirOf, openStack, workerEnvironment, type Stack } from '../stack.js';
import { configOf, environmentOf, logOf, print, type Terminal } from '../terminal.js';

/** The services that run until they are told to stop: worker, api, and up, which is both. */
export function addServiceCommands(program: Command, terminal: Terminal): void {
  program
    .command('worker')
    .description('work the queue until stopped')
    .option(
      '--tune',
      'instead, measure within a minute which processes, threads and batches are fastest here, and keep that',
    )
    .action(({ tune }: { tune?: true }, command: Command) =>
      tune ? tuneHere(command, terminal) : serve(command, terminal, [startWorkers]),
    );
  const api = program
    .command('api')
    .description('serve the HTTP API and the page until stopped')
    .action((_options: object, command: Command) => serve(command, terminal, [startPage]));
  api
    .command('key')
    .description('make a key for the API: the key to hand out, and what to put into API_KEYS')
    .argument('<name>', 'who it is for')
    .addOption(new Option('--scope <scope>', 'what it may do').choices(scopes).default('read'))
    .action((name: string, { scope }: { scope: Scope }, command: Command) => {
      const key = newApiKey();
      const entry = apiKeyEntry({ name, scope, sha256: hashApiKey(key) });
      parseApiKeys(entry);
      print(command, terminal, { key, entry }, () => [`key: ${key}`, `API_KEYS entry: ${entry}`]);
    });
  program
    .command('up')
    .description('worker, API and page with one command, embedded where nothing is configured')
    .action((_options: object, command: Command) => serve(command, terminal, [startWorkers, startPage]));
  program
    .command('migrate')
    .description('bring the database to this version')
    .action(async (_options: object, command: Command) => {
      const config = configOf(command, terminal);
      const embedded = config.databaseUrl ? undefined : await startEmbeddedPostgres({ home: config.home });
      try {
        const applied = await migrate(config.databaseUrl ?? (embedded?.databaseUrl as string));
        print(command, terminal, { applied }, () => [
          applied.length === 0 ? 'The database is at this version' : `Applied ${applied.join(', ')}`,
        ]);
      } finally {
        await embedded?.close();
      }
    });
}

type Start = (stack: Stack, command: Command, terminal: Terminal) => Promise<{ close(): Promise<void> }>;

const startWorkers: Start = async ({ config }, command, terminal) => {
  const env = workerEnvironment(config, environmentOf(command, terminal.env));
  if (config.redisUrl) await checkRedis(config.redisUrl);
  const supervisor = await supervise({ processes: config.workerProcesses, env, log: logOf(config) });
  terminal.stderr.write(`${config.workerProcesses} worker processes take jobs for ${config.modelDir}\n`);
  return supervisor;
};

async function tuneHere(command: Command, terminal: Terminal): Promise<void> {
  const env = environmentOf(command, terminal.env);
  const config = configOf(command, terminal);
  const { best, settings, measurements } = await tuneWorkers({
    env: { ...env, MODEL_DIR: modelDirOf(config) },
    config,
    onMeasured: (measured) => terminal.stderr.write(`${describeMeasurement(measured)}\n`),
  });
  storeTuned(env, { imagesPerSecond: best.imagesPerSecond, settings });
  print(command, terminal, { settings, best, measurements }, () => [
    `Best: ${describeMeasurement(best)}`,
    Object.entries(settings)
      .map(([name, value]) => `${name}=${value}`)
      .join(' '),
    `Kept in ${tunedFile(env)}: used for this model on this machine where none of these is set`,
  ]);
}

const describeMeasurement = (m: Measurement): string =>
  `processes ${m.processes}, threads of each ${m.intraOpThreads ?? 'auto'} and ${m.decodeThreads} for decoding, batches of ${m.batchSize}: ${m.imagesPerSecond.toFixed(1)} images/s`;

const startPage: Start = async ({ config }, _command, terminal) => {
  // Loaded only here: that takes longer than all the rest of the command.
  const { startApi } = await import('@tuhai/api/start-api');
  const api = await startApi({ config, log: logOf(config) });
  terminal.stderr.write(`API and page at ${api.url}\n`);
  return api;
};

async function serve(command: Command, terminal: Terminal, starts: Start[]): Promise<void> {
  const stack = await openStack(configOf(command, terminal));
  const services: { close(): Promise<void> }[] = [];
  try {
    for (const start of starts) services.push(await start(stack, command, terminal));
    if (!terminal.signal.aborted) await once(terminal.signal, 'abort');
    terminal.stderr.write('Stopping: what is in hand is finished first\n');
  } finally {
    for (const service of services.toReversed()) await service.close();
    await stack.close();
  }
}
