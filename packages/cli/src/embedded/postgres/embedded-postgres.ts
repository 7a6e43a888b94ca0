import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, realpathSync, statSync, truncateSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { dataDirectoryLockHolder } from './data-directory-lock.js';
import { lockedExitCode } from './server-exit-code.js';
import { databaseUrlOf, openSocketDirectory } from './socket-directory.js';
import { cString, int32, MessageSplitter } from './wire-messages.js';

const startTimeoutMs = 60_000;
const pollEveryMs = 50;
const logBytesMax = 1024 * 1024;
const idleMsDefault = 10_000;

export interface EmbeddedPostgres {
  /** For `pg` and everything built on it; stays the same when the server is started anew. */
  databaseUrl: string;
  /** Lets go of the server, which stops by itself once nobody uses it. Does not close anybody's pools. */
  close(): Promise<void>;
}

/**
 * Makes sure that a Postgres with pgvector serves `home`, in a process of its own: joins the one that runs, or
 * starts it. Data lives in `<home>/postgres`, its log in `<home>/postgres.log`. Should the server die while this
 * handle is open, it is started again; what was committed is there.
 *
 * It is one Postgres session shared by all clients (see SessionMultiplexer for what that means), safe against
 * SIGKILL but not against power cuts (see openPgliteSession).
 *
 * @param options.idleMs how long a newly started server stays without clients, default 10,000
 * @throws Error with the end of the log when the server does not start
 */
export async function startEmbeddedPostgres(options: {
  home: string;
  idleMs?: number;
}): Promise<EmbeddedPostgres> {
  const idleMs = options.idleMs ?? idleMsDefault;
  mkdirSync(options.home, { recursive: true });
  const home = realpathSync(options.home);
  const { directory, socketPath } = openSocketDirectory(home);
  let closed = false;
  let presence: Socket;
  const hold = async (): Promise<void> => {
    presence = await joinOrSpawn(home, socketPath, idleMs);
    // Neither keeps this process alive: one that ends without close() has let go just as well.
    presence.unref();
    // A server that says why it goes was told to go.
    presence.once('data', () => (closed = true));
    presence.once('close', () => {
      if (!closed) hold().catch((error: unknown) => process.emitWarning(String(error)));
    });
  };
  await hold();
  return {
    databaseUrl: databaseUrlOf(directory),
    async close() {
      closed = true;
      if (presence.destroyed) return;
      const gone = new Promise((resolve) => presence.once('close', resolve));
      presence.destroy();
      await gone;
    },
  };
}

/** Stops the server of `home`, if one runs, whoever uses it, and waits until it has gone. */
export async function stopEmbeddedPostgres(options: { home: string }): Promise<void> {
  const holder = dataDirectoryLockHolder(options.home);
  if (!holder) return;
  process.kill(holder.pid, 'SIGTERM');
  while (dataDirectoryLockHolder(options.home)?.pid === holder.pid) await sleep(pollEveryMs);
}

async function joinOrSpawn(home: string, socketPath: string, idleMs: number): Promise<Socket> {
  const deadline = Date.now() + startTimeoutMs;
  let server: ChildProcess | undefined;
  while (Date.now() < deadline) {
    const presence = await openPresence(socketPath);
    if (presence) return presence;
    if (server && server.exitCode === null && server.signalCode === null) {
      await sleep(pollEveryMs);
    } else if (server && server.exitCode !== lockedExitCode && server.exitCode !== 0) {
      throw new Error(`The embedded Postgres did not start (${describeExit(server)}):\n${logTail(home)}`);
    } else {
      // Another server is starting or stopping: give it time to finish either. Or ours had no client for too long.
      if (server) await sleep(pollEveryMs * 4);
      server = spawnServer(home, idleMs);
    }
  }
  throw new Error(`The embedded Postgres did not start within ${startTimeoutMs} ms:\n${logTail(home)}`);
}

function spawnServer(home: string, idleMs: number): ChildProcess {
  const logPath = join(home, 'postgres.log');
  const log = openSync(logPath, 'a', 0o600);
  if (statSync(logPath).size > logBytesMax) truncateSync(logPath);
  const script = fileURLToPath(new URL('./server-main.js', import.meta.url));
  const server = spawn(process.execPath, [script, home, `${idleMs}`], {
    cwd: home,
    detached: true,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  server.unref();
  return server;
}

/** A connection that asks nothing: while it is open the server stays. Undefined if no server answers. */
async function openPresence(socketPath: string): Promise<Socket | undefined> {
  const socket = connect(socketPath);
  const splitter = new MessageSplitter();
  const parameters = ['user', 'postgres', 'database', 'postgres', ''].map(cString);
  const body = Buffer.concat([int32(3 << 16), ...parameters]);
  const answered = new Promise<boolean>((resolve) => {
    socket.on('error', () => resolve(false));
    socket.on('close', () => resolve(false));
    socket.on('connect', () => socket.write(Buffer.concat([int32(body.length + 4), body])));
    socket.on('data', (chunk) => {
      splitter.push(chunk);
      for (let reply = splitter.next(1); reply; reply = splitter.next(1)) {
        if (reply[0] === 'Z'.charCodeAt(0)) resolve(true);
      }
    });
  });
  if (await answered) return socket;
  socket.destroy();
  return undefined;
}

function describeExit(server: ChildProcess): string {
  return server.signalCode ?? `exit code ${server.exitCode}`;
}

function logTail(home: string): string {
  return readFileSync(join(home, 'postgres.log'), 'utf8').split('\n').slice(-20).join('\n');
}
