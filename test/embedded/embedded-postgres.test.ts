import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, rmdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { Client, Pool } from 'pg';
import { dataDirectoryLockHolder } from '@tuhai/cli/embedded/postgres/data-directory-lock';
import { startEmbeddedPostgres, stopEmbeddedPostgres } from '@tuhai/cli/embedded/postgres/embedded-postgres';
import { embeddedHome, emptyHome } from './embedded-home.js';

async function query(databaseUrl: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  const { rows } = await client.query(sql);
  await client.end();
  return rows;
}

test('several processes that start at once share one server', async (t) => {
  const home = emptyHome(t);
  const script = join(import.meta.dirname, 'fixtures', 'join-and-report.ts');
  const commands = Array.from({ length: 3 }, () =>
    spawn(process.execPath, ['--import=tsx', script, home], { stdio: ['pipe', 'pipe', 'inherit'] }),
  );
  const started = await Promise.all(
    commands.map(async ({ stdout }) => String((await once(stdout, 'data'))[0])),
  );
  t.is(new Set(started).size, 1);
  t.true(started[0]!.length > 10);
  // Interrupting the terminal's process group, or killing a command, is not the server's business.
  process.kill(dataDirectoryLockHolder(home)!.pid, 'SIGINT');
  commands[0]!.kill('SIGKILL');
  commands[1]!.stdin.end();
  await sleep(100);
  const joined = await startEmbeddedPostgres({ home });
  t.deepEqual(await query(joined.databaseUrl, 'select pg_postmaster_start_time()::text as started'), [
    { started: started[0]!.trim() },
  ]);
  await joined.close();
  for (const command of commands) command.kill();
});

test('the server stays while somebody holds it, and goes when nobody does', async (t) => {
  const home = emptyHome(t);
  const first = await startEmbeddedPostgres({ home, idleMs: 300 });
  await sleep(900);
  const holder = dataDirectoryLockHolder(home);
  t.truthy(holder);
  const second = await startEmbeddedPostgres({ home });
  await query(second.databaseUrl, 'create table kept as select 42 as n');
  await first.close();
  await sleep(900);
  t.is(dataDirectoryLockHolder(home)?.pid, holder?.pid);
  await second.close();
  await t.notThrowsAsync(gone(home));
  t.false(existsSync(join(home, 'postgres.sock', '.s.PGSQL.5432')));
  const third = await startEmbeddedPostgres({ home, idleMs: 300 });
  t.deepEqual(await query(third.databaseUrl, 'select n from kept'), [{ n: 42 }]);
  await third.close();
});

test('SIGKILL of the server under load: it comes back, with every committed row and nothing broken', async (t) => {
  t.timeout(170_000);
  const { home, databaseUrl } = await embeddedHome(t);
  const pool = new Pool({ connectionString: databaseUrl, max: 4 });
  pool.on('error', () => t.log('idle connection broke'));
  await pool.query('create table written (id bigint primary key, text text)');
  await pool.query('create table pairs (id bigint, half int)');
  const committed = new Set<number>();
  let nextId = 0;
  const work = { goesOn: true };
  t.teardown(async () => {
    work.goesOn = false;
    await pool.end();
  });
  const write = async (): Promise<void> => {
    while (work.goesOn) {
      const id = nextId++;
      try {
        await pool.query('insert into written values ($1, $2)', [id, 'x'.repeat(id % 3000)]);
        committed.add(id);
        const text = `begin; insert into pairs values (${id}, 1); insert into pairs values (${id}, 2); commit`;
        await pool.query(text);
      } catch {
        // The server is away; what was not answered need not be there.
        await sleep(20);
      }
    }
  };
  const writers = [write(), write(), write(), write()];
  for (let kill = 0; kill < 5; kill++) {
    const before = committed.size;
    while (committed.size < before + 100) await sleep(10);
    if (kill === 2) await pool.query('checkpoint').catch(() => undefined);
    process.kill(dataDirectoryLockHolder(home)!.pid, 'SIGKILL');
  }
  const before = committed.size;
  while (committed.size < before + 100) await sleep(10);
  work.goesOn = false;
  await Promise.all(writers);
  const { rows } = await pool.query('select id::int, length(text) as length from written');
  const lengths = new Map(rows.map(({ id, length }) => [id, length]));
  t.deepEqual(
    [...committed].filter((id) => lengths.get(id) !== id % 3000),
    [],
  );
  t.is((await pool.query('select id from pairs group by id having sum(half) <> 3')).rows.length, 0);
  const viaIndex = await pool.query(
    'set enable_seqscan = off; select count(*)::int as n from written where id >= 0',
  );
  t.is((viaIndex as unknown as { rows: { n: number }[] }[])[1]!.rows[0]!.n, rows.length);
  t.log(`${committed.size} committed, ${rows.length} there`);
});

test('a first start that was killed half-way is begun again', async (t) => {
  const home = emptyHome(t);
  mkdirSync(join(home, 'postgres', 'base'), { recursive: true });
  writeFileSync(join(home, 'postgres', 'PG_VERSION'), '18\n');
  const postgres = await startEmbeddedPostgres({ home });
  t.deepEqual(await query(postgres.databaseUrl, `select '[1,2]'::vector::text as v`), [{ v: '[1,2]' }]);
  await postgres.close();
});

test('a server that cannot start says why', async (t) => {
  const home = emptyHome(t);
  const postgres = await startEmbeddedPostgres({ home });
  await postgres.close();
  await stopEmbeddedPostgres({ home });
  writeFileSync(join(home, 'postgres', 'PG_VERSION'), '12\n');
  await t.throwsAsync(startEmbeddedPostgres({ home }), { message: /did not start .*incompatible/is });
});

test('a home with a long path, spaces and Chinese; nobody else may connect', async (t) => {
  const home = join(emptyHome(t), `${'长路径 long'.repeat(12)} %2F&?#`);
  mkdirSync(home);
  const postgres = await startEmbeddedPostgres({ home });
  t.deepEqual(await query(postgres.databaseUrl, 'select 1 as n'), [{ n: 1 }]);
  const directory = new URL(postgres.databaseUrl).searchParams.get('host')!;
  t.is(statSync(directory).mode & 0o777, 0o700);
  t.is(statSync(join(home, 'postgres')).mode & 0o777, 0o700);
  const lock = JSON.parse(readFileSync(join(home, 'postgres.lock.1'), 'utf8'));
  t.is(lock.databaseUrl, postgres.databaseUrl);
  await postgres.close();
  await stopEmbeddedPostgres({ home });
  // Too long for the socket to be in the home.
  t.false(directory.startsWith(home));
  rmdirSync(directory);
});

async function gone(home: string): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    if (!dataDirectoryLockHolder(home)) return;
    await sleep(50);
  }
  throw new Error('the server is still there');
}
