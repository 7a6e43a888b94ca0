import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { parseApiKeys, type ApiKey } from './api-keys.js';
import type { ImageLimits } from './image/limits.js';
import { defaultImageLimits } from './image/limits.js';
import { preprocessingModes, type PreprocessingMode } from './image/preprocessing.js';
import { precisionChoices, type PrecisionChoice } from './model/precision.js';
import type { S3Settings } from './source/s3-settings.js';
import { UsageError } from './usage-error.js';

/** Everything that is set from outside, validated. Only a main.ts makes one, from `process.env`. */
export interface Config {
  /** Folder of the embedded database. */
  home: string;
  /** Absent: the embedded database under `home`. */
  databaseUrl?: string;
  /** Absent: BullMQ keeps its queue in the database. */
  redisUrl?: string;
  s3: S3Settings;
  /** Absent: the demo bundle. */
  modelDir?: string;
  /** Which of the bundle's variants is opened. */
  precision: PrecisionChoice;
  preprocessing: PreprocessingMode;
  executionProviders: string[];
  batchSizeMax: number;
  batchWaitMsMax: number;
  workerProcesses: number;
  /** Threads of one run of a model; absent: as many as onnxruntime likes. */
  intraOpThreads?: number;
  apiHost: string;
  apiPort: number;
  /** None: the API asks for no key, and listens on this machine's loopback only. */
  apiKeys: ApiKey[];
  /** Requests a minute of one key, or of one address without a key; 0 for any number. */
  apiRateLimit: number;
  /** Origins of pages elsewhere that may use the API from a browser. */
  apiCorsOrigins: string[];
  /** Sources that clients may start runs over, by the beginning of their uris; besides those that runs have listed. */
  apiSources: string[];
  limits: ImageLimits;
  /** A job whose worker has not renewed its lock for so long is given to another. */
  lockDurationMs: number;
  logLevel: LogLevel;
}

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];
export const executionProviders = ['cpu', 'cuda', 'webgpu', 'dml', 'coreml'] as const;

export type Environment = Readonly<Record<string, string | undefined>>;

/** @throws {UsageError} that names the variable, its value and what it accepts. */
export function readConfig(env: Environment): Config {
  const providers = list(env, 'EXECUTION_PROVIDERS', executionProviders, ['cpu']);
  const onCpu = providers[0] === 'cpu';
  const workerProcesses = integer(env, 'WORKER_PROCESSES', {
    min: 1,
    max: 256,
    default: onCpu ? availableParallelism() : 1,
  });
  // Zero stands for no setting.
  const intraOpThreads = integer(env, 'INTRA_OP_THREADS', {
    min: 1,
    max: 256,
    default: onCpu ? Math.max(1, Math.floor(availableParallelism() / workerProcesses)) : 0,
  });
  return {
    home: resolve(env['TUHAI_HOME'] || '.tuhai'),
    ...optional('databaseUrl', url(env, 'DATABASE_URL', ['postgres:', 'postgresql:'])),
    ...optional('redisUrl', url(env, 'REDIS_URL', ['redis:', 'rediss:', 'unix:'])),
    s3: {
      ...optional('endpoint', url(env, 'S3_ENDPOINT', ['http:', 'https:'])),
      ...optional('region', env['AWS_REGION'] || env['AWS_DEFAULT_REGION']),
      ...optional('credentials', awsCredentials(env)),
    },
    ...optional('modelDir', env['MODEL_DIR'] ? resolve(env['MODEL_DIR']) : undefined),
    precision: oneOf(env, 'MODEL_PRECISION', precisionChoices, 'auto'),
    preprocessing: oneOf(env, 'PREPROCESSING', preprocessingModes, 'exact'),
    executionProviders: providers,
    batchSizeMax: integer(env, 'BATCH_SIZE_MAX', { min: 1, max: 1024, default: onCpu ? 8 : 64 }),
    batchWaitMsMax: integer(env, 'BATCH_WAIT_MS_MAX', { min: 0, max: 60_000, default: 20 }),
    workerProcesses,
    ...optional('intraOpThreads', intraOpThreads || undefined),
    apiHost: env['API_HOST'] || '127.0.0.1',
    apiPort: integer(env, 'API_PORT', { min: 0, max: 65_535, default: 8080 }),
    apiKeys: parseApiKeys(env['API_KEYS'] ?? ''),
    apiRateLimit: integer(env, 'API_RATE_LIMIT', { min: 0, max: 1e9, default: 1_200 }),
    apiCorsOrigins: uris(env, 'API_CORS_ORIGINS', /^https?:\/\/[^/]+$/, 'https://host'),
    apiSources: uris(env, 'API_SOURCES', /^(s3|file):\/\/\S+$/, 's3://bucket/prefix or file:///folder'),
    limits: {
      bytesMax: integer(env, 'IMAGE_BYTES_MAX', {
        min: 1,
        max: 2 ** 31,
        default: defaultImageLimits.bytesMax,
      }),
      pixelsMax: integer(env, 'IMAGE_PIXELS_MAX', {
        min: 1,
        max: 2 ** 31,
        default: defaultImageLimits.pixelsMax,
      }),
      framesMax: integer(env, 'IMAGE_FRAMES_MAX', {
        min: 1,
        max: 1e6,
        default: defaultImageLimits.framesMax,
      }),
      timeoutMs: integer(env, 'IMAGE_TIMEOUT_MS', {
        min: 100,
        max: 3.6e6,
        default: defaultImageLimits.timeoutMs,
      }),
    },
    lockDurationMs: integer(env, 'LOCK_DURATION_MS', { min: 1_000, max: 3.6e6, default: 30_000 }),
    logLevel: oneOf(env, 'LOG_LEVEL', logLevels, 'info'),
  };
}

/** Those of the environment, which come first in the AWS chain too; the rest of the chain is the SDK's affair. */
function awsCredentials(env: Environment): S3Settings['credentials'] {
  const {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_SESSION_TOKEN: sessionToken,
  } = env;
  return accessKeyId && secretAccessKey
    ? { accessKeyId, secretAccessKey, ...optional('sessionToken', sessionToken || undefined) }
    : undefined;
}

/** `{ [name]: value }`, or nothing: absent settings are absent, not `undefined`. */
function optional<N extends string, T>(name: N, value: T | undefined): { [K in N]?: T } {
  return (value === undefined ? {} : { [name]: value }) as { [K in N]?: T };
}

function integer(
  env: Environment,
  name: string,
  accept: { min: number; max: number; default: number },
): number {
  const text = env[name];
  if (!text) return accept.default;
  const value = Number(text);
  if (Number.isInteger(value) && value >= accept.min && value <= accept.max) return value;
  throw new UsageError(`${name} is "${text}"; it must be a whole number from ${accept.min} to ${accept.max}`);
}

function oneOf<T extends string>(env: Environment, name: string, accepted: readonly T[], fallback: T): T {
  const text = env[name];
  if (!text) return fallback;
  const value = accepted.find((candidate) => candidate === text);
  if (value) return value;
  throw new UsageError(`${name} is "${text}"; it must be one of ${accepted.join(', ')}`);
}

function list(env: Environment, name: string, accepted: readonly string[], fallback: string[]): string[] {
  const text = env[name];
  if (!text) return fallback;
  const values = text.split(',').map((value) => value.trim());
  if (values.every((value) => accepted.includes(value))) return values;
  throw new UsageError(`${name} is "${text}"; it must be a comma-separated list of ${accepted.join(', ')}`);
}

function uris(env: Environment, name: string, pattern: RegExp, example: string): string[] {
  const values = (env[name] ?? '').split(',').map((value) => value.trim());
  const given = values.filter((value) => value !== '');
  const wrong = given.find((value) => !pattern.test(value));
  if (wrong === undefined) return given;
  throw new UsageError(`${name}: "${wrong}" must be like ${example}`);
}

/** The value is a secret (it may hold a password), so the error does not repeat it. */
function url(env: Environment, name: string, protocols: string[]): string | undefined {
  const text = env[name];
  if (!text) return undefined;
  if (URL.canParse(text) && protocols.includes(new URL(text).protocol)) return text;
  throw new UsageError(`${name} is no URL that starts with ${protocols.map((p) => `${p}//`).join(' or ')}`);
}
