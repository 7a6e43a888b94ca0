import { ListBucketsCommand } from '@aws-sdk/client-s3';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import { sharedMoto } from './moto.js';
import { sharedPostgres } from './postgres.js';
import { startRedis } from './redis.js';
import { serviceTest } from './service-test.js';

serviceTest('redis')('a Redis of one’s own answers and is empty', async (t) => {
  const server = await startRedis();
  t.teardown(server.stop);
  const redis = new Redis(server.url);
  t.teardown(() => redis.disconnect());
  t.is(await redis.dbsize(), 0);
});

serviceTest('postgres')('databases are apart, have pgvector, and start from what was prepared', async (t) => {
  const postgres = await sharedPostgres();
  let preparations = 0;
  const prepare = async (url: string): Promise<void> => {
    preparations++;
    await rows(url, 'CREATE EXTENSION vector; CREATE TABLE t (v vector(2))');
  };
  const urls = await Promise.all([postgres.createDatabase(prepare), postgres.createDatabase(prepare)]);
  await rows(urls[0] ?? '', "INSERT INTO t VALUES ('[3,4]')");
  t.deepEqual(await rows(urls[0] ?? '', "SELECT v <-> '[0,0]' AS d FROM t"), [{ d: 5 }]);
  t.deepEqual(await rows(urls[1] ?? '', 'SELECT * FROM t'), []);
  t.is(preparations, 1);
});

serviceTest('s3')('buckets can be made and filled', async (t) => {
  const moto = await sharedMoto();
  await moto.createBucket('rig', { 'a/图.jpg': 'x' });
  const { Buckets = [] } = await moto.client.send(new ListBucketsCommand({}));
  t.true(Buckets.some(({ Name }) => Name === 'rig'));
});

serviceTest('redis', 'postgres')('services die with a test process that is killed', async (t) => {
  const child = spawn(
    process.execPath,
    ['--import=tsx', join(import.meta.dirname, 'fixtures', 'start-and-hang.ts')],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const { pids, scratch } = JSON.parse(line.toString()) as { pids: number[]; scratch: string };
  t.deepEqual(pids.map(isAlive), [true, true, true]);
  await access(scratch);
  child.kill('SIGKILL');
  for (let tries = 0; tries < 100 && pids.some(isAlive); tries++) await sleep(50);
  t.deepEqual(pids.filter(isAlive), []);
  await t.throwsAsync(access(scratch), { code: 'ENOENT' });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function rows(url: string, statement: string): Promise<unknown> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(statement)).rows;
  } finally {
    await client.end();
  }
}
