/**
 * Process of the embedded Postgres: `node server-main.js HOME IDLE_MS`. Started by startEmbeddedPostgres, detached;
 * ends by itself when it has had no client for IDLE_MS. Exits with `lockedExitCode` if another one serves HOME.
 */
import { join } from 'node:path';
import { acquireDataDirectoryLock } from './data-directory-lock.js';
import { lockedExitCode } from './server-exit-code.js';
import { databaseUrlOf, openSocketDirectory } from './socket-directory.js';

const [, , home = '', idleMs = ''] = process.argv;

function log(line: string): void {
  process.stderr.write(`${new Date().toISOString()} ${line}\n`);
}

function fail(error: unknown): never {
  log(error instanceof Error ? (error.stack ?? error.message) : String(error));
  process.exit(1);
}

process.on('uncaughtException', fail);
process.on('unhandledRejection', fail);
// Ctrl-C in the terminal is for the command; the server outlives it for as long as it has clients.
process.on('SIGINT', () => log('SIGINT ignored; SIGTERM stops the server'));
process.on('SIGHUP', () => log('SIGHUP ignored; SIGTERM stops the server'));

const { directory, socketPath } = openSocketDirectory(home);
if (!acquireDataDirectoryLock(home, databaseUrlOf(directory))) process.exit(lockedExitCode);

// Only now: loading PGlite takes longer than finding out that nothing is to be done.
const { openPgliteSession } = await import('./pglite-session.js');
const { servePostgres } = await import('./postgres-server.js');

const session = await openPgliteSession(join(home, 'postgres'), log);
const server = await servePostgres({
  session,
  socketPath,
  idleMs: Number(idleMs),
  onIdle: () => stop('no clients'),
  log,
});
log(`serving ${socketPath}`);
process.on('SIGTERM', () => stop('SIGTERM'));

let stopping = false;
function stop(reason: string): void {
  if (stopping) return;
  stopping = true;
  log(`stopping: ${reason}`);
  server.close().then(() => process.exit(0), fail);
}
