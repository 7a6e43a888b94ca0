import { mkdtemp } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findProgram } from './find-program.js';
import { freePort } from './free-port.js';
import { type GuardedProcess, guardedProcess } from './guarded-process.js';
import { MissingService } from './missing-service.js';

export interface Redis {
  url: string;
  port: number;
  process: GuardedProcess;
  stop(): Promise<void>;
}

/** @throws {MissingService} */
export function redisProgram(): string {
  const program = findProgram('redis-server');
  if (program === undefined)
    throw new MissingService('redis-server is missing: apt-get install redis-server');
  return program;
}

/** A Redis of one's own, empty, which writes nothing to disk. */
export async function startRedis(options: { port?: number } = {}): Promise<Redis> {
  const program = redisProgram();
  const port = options.port ?? (await freePort());
  const scratch = await mkdtemp(join(tmpdir(), 'tuhai-redis-'));
  const settings = [
    '--bind',
    '127.0.0.1',
    '--save',
    '',
    '--appendonly',
    'no',
    '--maxmemory-policy',
    'noeviction',
  ];
  const redis = guardedProcess([program, '--port', String(port), ...settings], { scratch });
  await redis.ready(() => answersPing(port));
  return { url: `redis://127.0.0.1:${port}`, port, process: redis, stop: () => redis.stop() };
}

function answersPing(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'));
    socket.setTimeout(1_000, () => socket.destroy());
    socket.once('data', (data) => {
      resolve(data.toString().startsWith('+PONG'));
      socket.destroy();
    });
    socket.once('error', () => resolve(false));
    socket.once('close', () => resolve(false));
  });
}
