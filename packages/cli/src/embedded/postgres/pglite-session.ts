import { chmodSync, cpSync, existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { vector } from '@electric-sql/pglite-pgvector';
import { databaseTemplate } from './database-template.js';
import type { PostgresSession } from './shared-session.js';

/** A PGlite database as a session of raw wire messages. */
export interface PgliteSession extends PostgresSession {
  close(): Promise<void>;
}

// pgvector builds an HNSW index many times slower once its graph outgrows this: enough for 200,000 vectors of 512.
const indexMemory = '512MB';

// Written when a new database is complete: a copy that was cut off is begun again.
const completeMark = 'tuhai-initialised';

/**
 * Opens the database in `directory`, with the vector extension, and creates it when it is new.
 *
 * Durability: PGlite passes each write of Postgres to the operating system at once, the log (WAL) before a commit
 * is answered; so what was committed survives the SIGKILL of this process. It never calls fsync: a power cut or
 * a crash of the machine may lose or damage the database.
 *
 * @param log receives warnings and worse of Postgres, no statements
 */
export async function openPgliteSession(
  directory: string,
  log: (line: string) => void,
): Promise<PgliteSession> {
  const mark = join(directory, completeMark);
  if (!existsSync(mark)) {
    rmSync(directory, { recursive: true, force: true });
    const template = await databaseTemplate();
    if (template) cpSync(template, directory, { recursive: true });
    else await (await PGlite.create(directory, { extensions: { vector } })).close();
    chmodSync(directory, 0o700);
    writeFileSync(mark, '');
  }
  const onStderr = (line: string): boolean => {
    if (/\b(?:WARNING|FATAL|PANIC|LOG):/.test(line)) log(line);
    return false;
  };
  const startParams = [...PGlite.defaultStartParams, '-c', `maintenance_work_mem=${indexMemory}`];
  const database = new PGlite(directory, { extensions: { vector }, onStderr, startParams });
  await database.waitReady;
  return {
    execute(messages) {
      const chunks: Buffer[] = [];
      // Runs synchronously; what it promises is a file system sync, which Node's file system does not need.
      void database.execProtocolRawStream(messages, {
        syncToFs: false,
        onRawData: (chunk) => chunks.push(Buffer.from(chunk)),
      });
      return chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks);
    },
    close: () => database.close(),
  };
}
