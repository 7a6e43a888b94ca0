import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { startEmbeddedPostgres, stopEmbeddedPostgres } from '@tuhai/cli/embedded/postgres/embedded-postgres';

/** A fresh home with its embedded Postgres; both go when the test ends. */
export async function embeddedHome(t: ExecutionContext): Promise<{ home: string; databaseUrl: string }> {
  const home = emptyHome(t);
  const postgres = await startEmbeddedPostgres({ home });
  t.teardown(postgres.close);
  return { home, databaseUrl: postgres.databaseUrl };
}

/** A fresh home in which nothing runs yet; whatever was started there goes when the test ends. */
export function emptyHome(t: ExecutionContext): string {
  const home = mkdtempSync(join(tmpdir(), 'tuhai-home-'));
  t.teardown(async () => {
    await stopEmbeddedPostgres({ home });
    rmSync(home, { recursive: true, force: true });
  });
  return home;
}
