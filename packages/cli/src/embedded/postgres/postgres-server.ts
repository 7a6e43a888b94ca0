import { rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { ClientConnection, type ServerGreeting } from './client-connection.js';
import { maintain } from './maintenance.js';
import type { PgliteSession } from './pglite-session.js';
import { readAnswer } from './session-answer.js';
import { SessionMultiplexer } from './session-multiplexer.js';
import { errorResponse, message } from './wire-messages.js';

const maintenanceEveryMs = 10_000;

const reportedSettings = [
  'server_version',
  'server_encoding',
  'client_encoding',
  'DateStyle',
  'IntervalStyle',
  'TimeZone',
  'integer_datetimes',
  'standard_conforming_strings',
];

export interface PostgresServer {
  /** Stops accepting, ends all connections, rolls back, checkpoints and closes the database. */
  close(): Promise<void>;
}

/**
 * Serves one PGlite session to any number of Postgres clients on a unix socket.
 * @param onIdle called once no client has been connected for `idleMs`; the caller closes the server then
 */
export async function servePostgres(options: {
  session: PgliteSession;
  socketPath: string;
  idleMs: number;
  onIdle: () => void;
  log: (line: string) => void;
}): Promise<PostgresServer> {
  const { session, socketPath, idleMs, onIdle, log } = options;
  const multiplexer = new SessionMultiplexer(session);
  const connections = new Set<ClientConnection>();
  const greeting = readGreeting(session);
  let idleTimer: NodeJS.Timeout | undefined;
  // After a stall the timer is due together with connections that wait to be accepted: these go first.
  function endIfIdle(): void {
    setTimeout(() => connections.size === 0 && onIdle(), 1);
  }
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    clearTimeout(idleTimer);
    const connection = new ClientConnection(socket, multiplexer, greeting);
    connections.add(connection);
    socket.on('close', () => {
      connections.delete(connection);
      clearTimeout(idleTimer);
      if (connections.size === 0 && server.listening) idleTimer = setTimeout(endIfIdle, idleMs);
    });
  });
  // The caller holds the lock of the data directory, so a socket that is there belongs to nobody any more.
  rmSync(socketPath, { force: true });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(socketPath, resolve);
  });
  idleTimer = setTimeout(endIfIdle, idleMs);
  const maintenance = setInterval(
    () => multiplexer.whenFree(() => maintain(session, log)),
    maintenanceEveryMs,
  );
  return {
    async close() {
      clearInterval(maintenance);
      clearTimeout(idleTimer);
      const closed = new Promise((resolve) => server.close(resolve));
      const reason = errorResponse('FATAL', '57P01', 'the embedded Postgres is shutting down');
      for (const connection of connections) connection.end(reason);
      await closed;
      session.execute(message('Q', 'checkpoint'));
      await session.close();
    },
  };
}

function readGreeting(session: PgliteSession): ServerGreeting {
  const columns = reportedSettings.map((name) => `current_setting('${name}')`).join(', ');
  const sql = `select current_database(), ${columns}`;
  const [database = '', ...values] = readAnswer(session.execute(message('Q', sql)), false).rows[0] ?? [];
  return {
    database,
    parameters: new Map(reportedSettings.map((name, index) => [name, values[index] ?? ''])),
  };
}
