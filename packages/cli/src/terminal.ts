import type { Command } from 'commander';
import { pino, type Logger } from 'pino';
import { readConfig, type Config } from '@tuhai/core/config';
import { withTuned } from '@tuhai/core/tuned-settings';
import { UsageError } from '@tuhai/core/usage-error';
import { settings } from './settings.js';

/** 0 done, 1 failed, 2 wrong usage or configuration, 3 finished with failed items. */
export type ExitCode = 0 | 1 | 2 | 3;

/** The outside of a command. Results go to stdout, everything else to stderr. */
export interface Terminal {
  env: NodeJS.ProcessEnv;
  stdin: NodeJS.ReadStream;
  stdout: NodeJS.WriteStream;
  stderr: NodeJS.WriteStream;
  /** Aborted by the first Ctrl-C. */
  signal: AbortSignal;
  /** What the process will end with, unless it fails. */
  exitCode: ExitCode;
}

/** The environment with the flags laid over it (a flag wins), and what was tuned where nothing is said. */
export function environmentOf(command: Command, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const flags = command.optsWithGlobals<Record<string, string | undefined>>();
  const given = settings.flatMap(({ variable, option }) => {
    const value = flags[option];
    return value === undefined ? [] : [[variable, value] as const];
  });
  return withTuned({ ...env, ...Object.fromEntries(given) });
}

export const configOf = (command: Command, terminal: Terminal): Config =>
  readConfig(environmentOf(command, terminal.env));

export const wantsJson = (command: Command): boolean =>
  command.optsWithGlobals<{ json?: boolean }>().json === true;

export const logOf = (config: Config): Logger =>
  pino({ level: config.logLevel, base: null }, pino.destination({ dest: 2, sync: true }));

/** One JSON document on stdout, or lines for people. */
export function print(command: Command, terminal: Terminal, document: unknown, lines: () => string[]): void {
  const text = wantsJson(command) ? JSON.stringify(document, undefined, 2) : lines().join('\n');
  if (text) terminal.stdout.write(`${text}\n`);
}

/** Commander parser of an option that is a whole number. */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (Number.isInteger(value) && value >= min && value <= max) return value;
    throw new UsageError(`"${text}" must be a whole number from ${min} to ${max}`);
  };
}

/** Commander parser of an option that may be repeated. */
export const repeatable = (value: string, previous: string[] = []): string[] => [...previous, value];
