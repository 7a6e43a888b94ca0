import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import type { S3Settings } from '@tuhai/core/source/s3-settings';
import pLimit from 'p-limit';
import { findProgram } from './find-program.js';
import { freePort } from './free-port.js';
import { type GuardedProcess, guardedProcess } from './guarded-process.js';
import { MissingService } from './missing-service.js';
import { oncePerProcess } from './once-per-process.js';

export interface Moto {
  endpoint: string;
  /** What openSource and the environment of a service take. */
  settings: S3Settings & { credentials: { accessKeyId: string; secretAccessKey: string } };
  /** A new bucket with these objects. */
  createBucket(name: string, objects?: Readonly<Record<string, Uint8Array | string>>): Promise<void>;
  put(bucket: string, key: string, body: Uint8Array | string): Promise<void>;
  client: S3Client;
  process: GuardedProcess;
  stop(): Promise<void>;
}

/** The one S3 of this test process; it ends with the process. Give each test buckets of its own. */
export const sharedMoto = oncePerProcess(() => startMoto());

/** @throws {MissingService} */
export function motoProgram(): string {
  const program = findProgram('moto_server');
  if (program !== undefined) return program;
  throw new MissingService(
    'An S3 to test with is missing: python3 -m venv .venv && .venv/bin/pip install -r test/requirements.txt',
  );
}

/**
 * An independent S3 (moto in server mode), in memory.
 * @throws {MissingService}
 */
export async function startMoto(): Promise<Moto> {
  const program = motoProgram();
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const moto = guardedProcess([program, '-H', '127.0.0.1', '-p', String(port)]);
  await moto.ready(() => answersHttp(endpoint));
  const settings = {
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  };
  const client = new S3Client({ ...settings, forcePathStyle: true });
  const put: Moto['put'] = async (bucket, key, body) => {
    await client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: body }));
  };
  return {
    endpoint,
    settings,
    client,
    put,
    createBucket: async (name, objects = {}) => {
      await client.send(new CreateBucketCommand({ Bucket: name }));
      await pLimit(16).map(Object.entries(objects), ([key, body]) => put(name, key, body));
    },
    process: moto,
    stop: () => moto.stop(),
  };
}

async function answersHttp(endpoint: string): Promise<boolean> {
  try {
    await fetch(endpoint, { signal: AbortSignal.timeout(2_000) });
    return true;
  } catch {
    return false;
  }
}
