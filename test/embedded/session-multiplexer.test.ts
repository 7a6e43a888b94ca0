import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { ClientConnection } from '@tuhai/cli/embedded/postgres/client-connection';
import { openPgliteSession, type PgliteSession } from '@tuhai/cli/embedded/postgres/pglite-session';
import { SessionMultiplexer } from '@tuhai/cli/embedded/postgres/session-multiplexer';
import { int32 } from '@tuhai/cli/embedded/postgres/wire-messages';
import { wire, wireClient } from './wire-client.js';

const transactionIdleMsMax = 300;

// The multiplexer in this process, so that the time it allows an idle transaction can be short.
const directory = mkdtempSync(join(tmpdir(), 'tuhai-mux-'));
const socketPath = join(directory, 'socket');
let session: PgliteSession;

test.before(async () => {
  session = await openPgliteSession(join(directory, 'postgres'), () => undefined);
  const multiplexer = new SessionMultiplexer(session, transactionIdleMsMax);
  const greeting = { database: 'postgres', parameters: new Map<string, string>() };
  const server = createServer((socket) => void new ClientConnection(socket, multiplexer, greeting));
  await once(server.listen(socketPath), 'listening');
  server.unref();
});

test.after.always(async () => {
  await session?.close();
  rmSync(directory, { recursive: true });
});

test('an unnamed statement survives another client’s between its Parse and its Bind', async (t) => {
  const [a, b] = await Promise.all([wireClient(socketPath), wireClient(socketPath)]);
  t.is(await a.exchange(wire.parse('', `select 'of a'`), wire.sync), '1Z');
  t.is(await b.exchange(wire.parse('', 'select 1, 2'), wire.sync), '1Z');
  t.is(await b.exchange(wire.query('select 1')), 'TDCZ');
  // No second ParseComplete, which the client did not ask for.
  t.is(await a.exchange(wire.bindAndExecute(''), wire.sync), '2DCZ');
  t.is(await b.exchange(wire.bindAndExecute(''), wire.sync), '2DCZ');
  a.close();
  b.close();
});

test('from Flush to Sync nobody comes in between', async (t) => {
  const [a, b] = await Promise.all([wireClient(socketPath), wireClient(socketPath)]);
  a.send(wire.parse('', 'select 1'), wire.flush);
  t.is(await a.receive('1'), '1');
  const ofB = b.exchange(wire.query('create table between_flush ()'));
  a.send(wire.bindAndExecute(''), wire.flush);
  t.is(await a.receive('C'), '2DC');
  await sleep(20);
  const first = await Promise.race([ofB.then(() => 'b'), a.exchange(wire.sync).then(() => 'a')]);
  t.is(first, 'a');
  t.is(await ofB, 'CZ');
  a.close();
  b.close();
});

test('a client that leaves between Flush and Sync blocks nobody', async (t) => {
  const [a, b] = await Promise.all([wireClient(socketPath), wireClient(socketPath)]);
  a.send(wire.parse('', 'create table never_synced ()'), wire.bindAndExecute(''), wire.flush);
  await a.receive('C');
  const ofB = b.exchange(wire.query('select 1'));
  a.close();
  t.is(await ofB, 'TDCZ');
  b.close();
});

test('an idle transaction that keeps others waiting is rolled back after its time', async (t) => {
  const [a, b] = await Promise.all([wireClient(socketPath), wireClient(socketPath)]);
  await a.exchange(wire.query('create table held (n int)'));
  await a.exchange(wire.query('begin; insert into held values (1)'));
  const startedAt = performance.now();
  const ofB = b.exchange(wire.query('insert into held values (2)'));
  t.is(await a.receive('E'), 'E');
  t.is(await ofB, 'CZ');
  t.true(performance.now() - startedAt >= transactionIdleMsMax - 1);
  t.is(await b.exchange(wire.query('select * from held')), 'TDCZ');
  b.close();
});

test('requests for encryption are declined, those to cancel are closed', async (t) => {
  const bytesOf = { ssl: [8, 80877103], gss: [8, 80877104], cancel: [16, 80877102, 1, 0] };
  for (const [name, words] of Object.entries(bytesOf)) {
    const socket = connect(socketPath);
    socket.write(Buffer.concat(words.map(int32)));
    const answer = await Promise.race([
      once(socket, 'data').then(String),
      once(socket, 'end').then(() => 'end'),
    ]);
    t.is(answer, name === 'cancel' ? 'end' : 'N');
    socket.destroy();
  }
});

test('messages cut anywhere are put together', async (t) => {
  const a = await wireClient(socketPath);
  const bytes = Buffer.concat([wire.parse('', `select '图海'`), wire.bindAndExecute(''), wire.sync]);
  for (let at = 1; at < bytes.length; at += 7) {
    a.send(bytes.subarray(0, at));
    await sleep(2);
    t.is(await a.exchange(bytes.subarray(at)), '12DCZ');
  }
  a.close();
});

test('many units sent at once are all answered, in order', async (t) => {
  const a = await wireClient(socketPath);
  a.send(
    ...Array.from({ length: 200 }, (_, index) => wire.query(index % 2 ? 'select 1' : 'begin; rollback')),
  );
  for (let index = 0; index < 200; index++) t.is(await a.receive(), index % 2 ? 'TDCZ' : 'CCZ');
  a.close();
});

test('COPY TO STDOUT works, COPY FROM STDIN is refused before it begins', async (t) => {
  const a = await wireClient(socketPath);
  t.is(await a.exchange(wire.query('copy (values (1), (2)) to stdout')), 'HddcCZ');
  await a.exchange(wire.query('create table copied (n int)'));
  t.is(await a.exchange(wire.query('copy copied from stdin')), 'EZ');
  t.is(
    await a.exchange(wire.parse('', 'copy copied from stdin'), wire.bindAndExecute(''), wire.sync),
    '12EZ',
  );
  a.close();
});
