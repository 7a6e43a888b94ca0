import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { dirname, join } from 'node:path';
import { readConfig, type Environment } from './config.js';
import { UsageError } from './usage-error.js';

/** What `tuhai worker --tune` decides. */
export const tunedVariables = [
  'WORKER_PROCESSES',
  'INTRA_OP_THREADS',
  'UV_THREADPOOL_SIZE',
  'BATCH_SIZE_MAX',
] as const;

export type TunedSettings = Partial<Record<(typeof tunedVariables)[number], string>>;

export interface TunedEntry {
  /** The bundle as it is opened, and the machine. */
  conditions: ReturnType<typeof conditionsOf>;
  measuredAt: string;
  imagesPerSecond: number;
  settings: TunedSettings;
}

/**
 * The environment with what was measured on this machine for its bundle, where none of it is set.
 * @throws {UsageError} when the file of measurements cannot be understood
 */
export function withTuned<E extends Environment>(env: E): E & TunedSettings {
  if (tunedVariables.some((name) => env[name])) return env;
  const conditions = JSON.stringify(conditionsOf(env));
  const found = readEntries(tunedFile(env)).find((entry) => JSON.stringify(entry.conditions) === conditions);
  return { ...env, ...found?.settings };
}

/** Replaces what was found before under the same conditions. */
export function storeTuned(env: Environment, entry: Omit<TunedEntry, 'conditions' | 'measuredAt'>): void {
  const file = tunedFile(env);
  const conditions = conditionsOf(env);
  const others = readEntries(file).filter((o) => JSON.stringify(o.conditions) !== JSON.stringify(conditions));
  const entries = [...others, { conditions, measuredAt: new Date().toISOString(), ...entry }];
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.${process.pid}`, `${JSON.stringify(entries, undefined, 2)}\n`);
  renameSync(`${file}.${process.pid}`, file);
}

export const tunedFile = (env: Environment): string => join(readConfig(env).home, 'tuned.json');

function conditionsOf(env: Environment) {
  const { modelDir, precision, preprocessing, executionProviders } = readConfig(env);
  const machine = `${availableParallelism()} × ${cpus()[0]?.model ?? 'unknown'}`;
  return { model: modelDir ?? 'demo', precision, preprocessing, executionProviders, machine };
}

function readEntries(file: string): TunedEntry[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw new UsageError(`${file}: ${(error as Error).message}`, { cause: error });
  }
  try {
    return JSON.parse(text) as TunedEntry[];
  } catch (error) {
    throw new UsageError(`${file} is no JSON any more; delete it and tune again`, { cause: error });
  }
}
