import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { Client, type ClientConfig, DatabaseError, Pool, type QueryConfig } from 'pg';
import {
  type EmbeddedPostgres,
  startEmbeddedPostgres,
  stopEmbeddedPostgres,
} from '@tuhai/cli/embedded/postgres/embedded-postgres';

// One server for all tests of this file, which run at the same time: that is what it is for.
const home = mkdtempSync(join(tmpdir(), 'tuhai-home-'));
let postgres: EmbeddedPostgres;

test.before(async () => {
  postgres = await startEmbeddedPostgres({ home });
});

test.after.always(async () => {
  await postgres?.close();
  await stopEmbeddedPostgres({ home });
  rmSync(home, { recursive: true, force: true });
});

async function connected(config: ClientConfig = {}): Promise<Client> {
  const client = new Client({ connectionString: postgres.databaseUrl, ...config });
  await client.connect();
  return client;
}

test('many clients in transactions, with errors in the middle', async (t) => {
  const pool = new Pool({ connectionString: postgres.databaseUrl, max: 24 });
  await pool.query('create table accounts (id int primary key, amount int check (amount >= 0))');
  await pool.query('insert into accounts select id, 1000 from generate_series(0, 9) id');
  const transfer = async (index: number): Promise<'done' | 'failed'> => {
    const client = await pool.connect();
    try {
      await client.query('begin');
      const { rows } = await client.query('select amount from accounts where id = $1', [index % 10]);
      await sleep(index % 3);
      await client.query('update accounts set amount = $2 where id = $1', [index % 10, rows[0].amount - 1]);
      await client.query('update accounts set amount = amount + 1 where id = $1', [(index + 1) % 10]);
      if (index % 4 === 0) await client.query('select no_such_column from accounts');
      if (index % 4 === 1) await client.query('insert into accounts values (0, 0)');
      await client.query('commit');
      return 'done';
    } catch (error) {
      t.true(error instanceof DatabaseError, String(error));
      await client.query('rollback');
      return 'failed';
    } finally {
      client.release();
    }
  };
  const outcomes = await Promise.all(Array.from({ length: 200 }, (_, index) => transfer(index)));
  t.is(outcomes.filter((outcome) => outcome === 'done').length, 100);
  const { rows } = await pool.query('select sum(amount)::int as sum, min(amount) as min from accounts');
  t.is(rows[0].sum, 10_000);
  // Of four indexes two commit; a lost update would leave another amount than this arithmetic.
  const expected = Array.from({ length: 10 }, () => 1000);
  for (let index = 0; index < 200; index++) {
    if (index % 4 < 2) continue;
    expected[index % 10]! -= 1;
    expected[(index + 1) % 10]! += 1;
  }
  const amounts = await pool.query('select amount from accounts order by id');
  t.deepEqual(
    amounts.rows.map(({ amount }) => amount),
    expected,
  );
  await pool.end();
});

test('parameters and results of many MB beside other clients', async (t) => {
  const pool = new Pool({ connectionString: postgres.databaseUrl, max: 6 });
  const big = Buffer.alloc(12_000_000, 'abcdefghij');
  const sizes = await Promise.all(
    Array.from({ length: 12 }, async (_, index) => {
      if (index % 2) return (await pool.query('select $1::int as n', [index])).rows[0].n;
      const { rows } = await pool.query('select $1::bytea as bytes, $2::text as text', [big, `${index}`]);
      return big.equals(rows[0].bytes) && rows[0].text === `${index}` ? index : -1;
    }),
  );
  t.deepEqual(
    sizes,
    Array.from({ length: 12 }, (_, index) => index),
  );
  await pool.end();
});

test('statements of two clients with one name stay apart', async (t) => {
  const [a, b] = await Promise.all([connected(), connected()]);
  for (let round = 0; round < 3; round++) {
    const [one, two] = await Promise.all([
      a.query({ name: 'same', text: 'select $1::int + 1 as n', values: [round] }),
      b.query({ name: 'same', text: `select 'b' || $1 as n`, values: [`${round}`] }),
    ]);
    t.is(one.rows[0].n, round + 1);
    t.is(two.rows[0].n, `b${round}`);
  }
  const prepared = async (): Promise<number> =>
    (await b.query(`select 1 from pg_prepared_statements where statement = 'select $1::int + 1 as n'`)).rows
      .length;
  t.is(await prepared(), 1);
  await a.end();
  t.is(await prepared(), 0);
  await b.end();
});

test('rows fetched piece by piece, by Flush, are not interrupted', async (t) => {
  const [a, b] = await Promise.all([connected(), connected()]);
  // `rows` makes node-postgres execute with a row limit and Flush instead of Sync.
  const pieces = { text: 'select generate_series(1, 100) as n', rows: 7 } as QueryConfig;
  const [all, others] = await Promise.all([
    a.query(pieces),
    Promise.all(Array.from({ length: 20 }, (_, index) => b.query('select $1::int as n', [index]))),
  ]);
  t.is(all.rows.length, 100);
  t.is(others.length, 20);
  await Promise.all([a.end(), b.end()]);
});

test('notifications reach those who listen, and only them', async (t) => {
  const [a, b, c] = await Promise.all([connected(), connected(), connected()]);
  const heard: Record<string, string[]> = { a: [], b: [], c: [] };
  for (const [name, client] of Object.entries({ a, b, c })) {
    client.on('notification', ({ channel, payload }) => heard[name]?.push(`${channel}:${payload}`));
  }
  await a.query('listen x; listen "Y y"');
  await b.query('-- as a file of statements begins\nLISTEN X;\n');
  await c.query(`select pg_notify('x', '1'), pg_notify('Y y', '2')`);
  await a.query('unlisten x');
  await c.query('begin');
  await c.query(`notify x, '3'`);
  await c.query('rollback');
  await c.query('begin');
  await c.query(`notify x, '4'`);
  await c.query('commit');
  await b.query('unlisten *');
  await c.query(`notify x, '5'`);
  await sleep(50);
  t.deepEqual(heard, { a: ['x:1', 'Y y:2'], b: ['x:1', 'x:4'], c: [] });
  await Promise.all([a.end(), b.end(), c.end()]);
});

test('settings belong to their client: start-up options, SET, set_config, rolled back SET', async (t) => {
  const admin = await connected();
  await admin.query('create schema "Other schema"');
  await admin.query('create table "Other schema".here (n int)');
  const optioned = await connected({
    options: '-c search_path="Other\\ schema" --work-mem=8MB',
    application_name: 'one',
  });
  const plain = await connected();
  t.is(await setting(optioned, 'search_path'), '"Other schema"');
  t.is(await setting(plain, 'search_path'), 'public');
  t.is(await setting(optioned, 'work_mem'), '8MB');
  t.is(await setting(optioned, 'application_name'), 'one');
  await t.notThrowsAsync(optioned.query('select * from here'));
  await t.throwsAsync(plain.query('select * from here'), { code: '42P01' });
  await plain.query('set work_mem = 65536');
  await plain.query(`select set_config('my.tenant', 'it''s \\ 图', false)`);
  t.is(await setting(optioned, 'work_mem'), '8MB');
  await optioned.query('begin');
  await optioned.query(`set application_name = 'two'`);
  await optioned.query('rollback');
  t.is(await setting(plain, 'work_mem'), '64MB');
  t.is(await setting(plain, 'my.tenant'), "it's \\ 图");
  t.is(await setting(optioned, 'application_name'), 'one');
  await plain.query('reset work_mem');
  t.is(await setting(plain, 'work_mem'), '4MB');
  await Promise.all([admin.end(), optioned.end(), plain.end()]);
});

test('a wrong start-up option ends that connection, saying so', async (t) => {
  const client = await connected({ options: '-c no_such_setting=1' });
  client.on('error', () => t.log('connection ended'));
  await t.throwsAsync(client.query('select 1'), { message: /start-up setting/ });
  await t.throwsAsync(
    connected({ database: 'elsewhere', connectionString: undefined, host: hostOf(postgres) }),
    {
      code: '3D000',
    },
  );
});

test('a client that leaves in a transaction is rolled back and blocks nobody', async (t) => {
  const a = await connected();
  await a.query('create table left_behind (n int)');
  await a.query('begin');
  await a.query('insert into left_behind values (1)');
  const b = await connected();
  const waiting = b.query('select count(*)::int as n from left_behind');
  a.on('error', () => t.log('connection torn down'));
  (a as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
  t.is((await waiting).rows[0].n, 0);
  await b.end();
});

test('COPY FROM STDIN is refused and hangs nobody', async (t) => {
  const [a, b] = await Promise.all([connected(), connected()]);
  await a.query('create table copied (n int)');
  await t.throwsAsync(a.query('copy copied from stdin'), { message: /COPY FROM STDIN is not supported/ });
  await t.throwsAsync(a.query({ text: 'copy copied from stdin', name: 'extended' }), {
    message: /not supported/,
  });
  await t.throwsAsync(a.query('/* hidden */ copy copied from  STDIN'), { message: /not supported/ });
  t.is((await b.query(`select 'stdin' as word`)).rows[0].word, 'stdin');
  t.is((await a.query('select 1 as n')).rows[0].n, 1);
  await Promise.all([a.end(), b.end()]);
});

test('CREATE INDEX CONCURRENTLY and VACUUM run', async (t) => {
  const client = await connected();
  await client.query('create table indexed as select n from generate_series(1, 1000) n');
  await client.query('create index concurrently indexed_n on indexed (n)');
  await client.query('vacuum analyze indexed');
  const { rows } = await client.query(
    `select indisvalid from pg_index where indexrelid = 'indexed_n'::regclass`,
  );
  t.true(rows[0].indisvalid);
  await client.end();
});

test('bytes that are no Postgres message end only their own connection', async (t) => {
  const { socketPath } = { socketPath: join(hostOf(postgres), '.s.PGSQL.5432') };
  for (const bytes of ['GET / HTTP/1.1\r\n\r\n', '\0\0\0\x09\0\x03\0\0user', '\xff\xff\xff\xff\0\0\0\0']) {
    const socket = connect(socketPath);
    socket.end(Buffer.from(bytes, 'latin1'));
    await new Promise((resolve) => socket.once('close', resolve).resume().on('error', resolve));
  }
  const client = await connected();
  t.is((await client.query('select 1 as n')).rows[0].n, 1);
  await client.end();
});

function hostOf({ databaseUrl }: EmbeddedPostgres): string {
  return new URL(databaseUrl).searchParams.get('host') ?? '';
}

async function setting(client: Client, name: string): Promise<string> {
  return (await client.query('select current_setting($1) as value', [name])).rows[0].value;
}
