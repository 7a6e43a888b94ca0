import { createHash } from 'node:crypto';
import { chmodSync, lstatSync, mkdirSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

// sockaddr_un holds 104 bytes on macOS and 108 on Linux, with a closing zero.
const socketPathBytesMax = 103;

/** The name libpq gives a Postgres socket, by port. */
const socketName = '.s.PGSQL.5432';

/**
 * Directory and path of the embedded server's socket: in the home if the path is short enough, else in a directory
 * of the system's temporary folder named after the home. Made if absent; only its owner may enter.
 * @throws Error when the directory belongs to somebody else
 */
export function openSocketDirectory(home: string): { directory: string; socketPath: string } {
  const realHome = realpathSync(home);
  const inHome = join(realHome, 'postgres.sock');
  const isShort = Buffer.byteLength(join(inHome, socketName)) <= socketPathBytesMax;
  const hash = createHash('sha256').update(realHome).digest('hex').slice(0, 16);
  const directory = isShort ? inHome : join(tmpdir(), `tuhai-${hash}`);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const stats = lstatSync(directory);
  if (!stats.isDirectory() || stats.uid !== process.getuid?.()) {
    throw new Error(
      `${directory} must be a directory of your own: it would hold the embedded Postgres' socket`,
    );
  }
  chmodSync(directory, 0o700);
  return { directory, socketPath: join(directory, socketName) };
}

/** Connection URL for `pg`. Says everything itself, so that PGPORT, PGSSLMODE and the like cannot change it. */
export function databaseUrlOf(socketDirectory: string): string {
  const host = encodeURIComponent(socketDirectory);
  return `postgres://postgres@localhost:5432/postgres?host=${host}&sslmode=disable`;
}
