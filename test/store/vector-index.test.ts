import { openDatabase, type Database } from '@tuhai/core/store/database';
import { migrate } from '@tuhai/core/store/migrate';
import { partitionOf, type StoredModel } from '@tuhai/core/store/register-model';
import { ensureVectorIndex } from '@tuhai/core/store/vector-index';
import type { ExecutionContext } from 'ava';
import { setTimeout as sleep } from 'node:timers/promises';
import { sharedPostgres } from '../rig/postgres.js';
import { serviceTest } from '../rig/service-test.js';
import { embedAll, newCollection, objectOf } from './collection.js';

const postgresTest = serviceTest('postgres');

/** A model with just enough vectors for an index. */
async function loaded(t: ExecutionContext): Promise<{ database: Database; model: StoredModel }> {
  const url = await (await sharedPostgres()).createDatabase();
  await migrate(url);
  const database = openDatabase(url);
  t.teardown(() => database.close());
  const collection = await newCollection(database);
  const objects = Array.from({ length: 5_000 }, (_, i) => objectOf(`${i}.jpg`));
  await embedAll(collection, objects, (i) => i / 1_000);
  return { database, model: collection.model };
}

/** Takes the lock on the table that every commit of embeddings takes. */
const touch = (model: StoredModel): string =>
  `UPDATE ${partitionOf(model)} SET embedded_at = now()
   WHERE image_id = (SELECT max(image_id) FROM ${partitionOf(model)})`;

postgresTest(
  'commits and new models go on while the index is being built, and nobody builds it twice',
  async (t) => {
    const { database, model } = await loaded(t);
    // A transaction that may still look at what was there before holds the build up for as long as the test needs.
    const open = await database.pool.connect();
    await open.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
    await open.query('SELECT 1');
    const building = ensureVectorIndex(database, model);
    const isWaiting = `SELECT FROM pg_stat_activity WHERE query LIKE 'CREATE INDEX%' AND wait_event_type = 'Lock'
                     AND datname = current_database()`;
    while ((await database.pool.query(isWaiting)).rowCount === 0) await sleep(20);
    await database.transaction(async (client) => {
      await client.query(`SET LOCAL lock_timeout = '5s'`);
      t.is((await client.query(touch(model))).rowCount, 1);
    });
    t.is(await ensureVectorIndex(database, model), 'being built');
    const other = await Promise.race([newCollection(database, 7), sleep(5_000)]);
    t.truthy(other, 'a new model waits for the build');
    await open.query('COMMIT');
    open.release();
    t.is(await building, 'built');
    t.is(await ensureVectorIndex(database, model), 'present');
  },
);

postgresTest('an index that a killed build has left is made anew', async (t) => {
  const { database, model } = await loaded(t);
  t.is(await ensureVectorIndex(database, model), 'built');
  const index = `${partitionOf(model)}_hnsw`;
  await database.pool.query('UPDATE pg_index SET indisvalid = false WHERE indexrelid = $1::regclass', [
    index,
  ]);
  t.is(await ensureVectorIndex(database, model), 'built');
  t.is(await ensureVectorIndex(database, model), 'present');
});

postgresTest('a server short of shared memory builds with one process', async (t) => {
  const { database, model } = await loaded(t);
  await database.pool.query(
    `CREATE FUNCTION refuse() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
       IF current_setting('max_parallel_maintenance_workers') <> '0' THEN
         RAISE 'could not resize shared memory segment' USING ERRCODE = 'disk_full';
       END IF;
     END $$;
     CREATE EVENT TRIGGER refuse ON ddl_command_start WHEN TAG IN ('CREATE INDEX') EXECUTE FUNCTION refuse()`,
  );
  t.is(await ensureVectorIndex(database, model), 'built');
  t.is(await ensureVectorIndex(database, model), 'present');
});
