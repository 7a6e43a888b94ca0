import { execFile } from 'node:child_process';
import { chown, mkdir, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { freePort } from './free-port.js';
import { type GuardedProcess, guardedProcess } from './guarded-process.js';
import { oncePerProcess } from './once-per-process.js';
import { postgresOwner, postgresPrograms } from './postgres-programs.js';

export interface Postgres {
  port: number;
  /** Its data, logs and sockets; gone when it stops. */
  scratch: string;
  /** The URL of a database of this server. */
  url(database?: string): string;
  /**
   * A new database and its URL. What `prepare` did (migrations) is done once for all that name the same function, and
   * copied.
   */
  createDatabase(prepare?: (url: string) => Promise<void>): Promise<string>;
  process: GuardedProcess;
  stop(): Promise<void>;
}

/** The one server of this test process; it ends with the process. Give each test a database of its own. */
export const sharedPostgres = oncePerProcess(() => startPostgres());

/**
 * A PostgreSQL of one's own with pgvector available (`CREATE EXTENSION vector`), which takes no care for power cuts.
 * @param options.cache its shared_buffers
 * @throws {MissingService}
 */
export async function startPostgres({ cache = '64MB' } = {}): Promise<Postgres> {
  const programs = postgresPrograms();
  const scratch = await mkdtemp(join(tmpdir(), 'tuhai-postgres-'));
  const data = join(scratch, 'data');
  await mkdir(data);
  for (const folder of postgresOwner ? [scratch, data] : []) {
    await chown(folder, postgresOwner?.uid ?? 0, postgresOwner?.gid ?? 0);
  }
  await initialise(join(programs, 'initdb'), data);
  const port = await freePort();
  const url = (database = 'postgres'): string => `postgresql://postgres@127.0.0.1:${port}/${database}`;
  const settings = [
    `port=${port}`,
    'listen_addresses=127.0.0.1',
    `unix_socket_directories=${scratch}`,
    'fsync=off',
    'synchronous_commit=off',
    'full_page_writes=off',
    `shared_buffers=${cache}`,
    'max_connections=200',
  ].flatMap((setting) => ['-c', setting]);
  const server = guardedProcess([join(programs, 'postgres'), '-D', data, ...settings], {
    scratch,
    stopSignal: 'QUIT',
    owner: postgresOwner,
    env: { LC_ALL: 'C.UTF-8' },
  });
  await server.ready(() => answersQuery(url()));
  return {
    port,
    scratch,
    url,
    createDatabase: databaseMaker(url),
    process: server,
    stop: () => server.stop(),
  };
}

async function initialise(initdb: string, data: string): Promise<void> {
  const options = ['--no-sync', '--auth=trust', '--username=postgres', '--encoding=UTF8', '--locale=C.UTF-8'];
  await promisify(execFile)(initdb, ['-D', data, ...options], { cwd: data, ...postgresOwner });
}

async function answersQuery(url: string): Promise<boolean> {
  try {
    await query(url, 'SELECT 1');
    return true;
  } catch {
    return false;
  }
}

function databaseMaker(url: (database?: string) => string): Postgres['createDatabase'] {
  const templates = new Map<unknown, Promise<string>>();
  let count = 0;
  const create = async (template: string): Promise<string> => {
    const database = `test_${++count}`;
    await query(url(), `CREATE DATABASE ${database} TEMPLATE ${template}`);
    return database;
  };
  const prepared = async (prepare: (url: string) => Promise<void>): Promise<string> => {
    const database = await create('template0');
    await prepare(url(database));
    return database;
  };
  return async (prepare) => {
    if (prepare === undefined) return url(await create('template0'));
    const template = templates.get(prepare) ?? prepared(prepare);
    templates.set(prepare, template);
    return url(await create(await template));
  };
}

async function query(url: string, statement: string): Promise<void> {
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query(statement);
  } finally {
    await client.end();
  }
}
