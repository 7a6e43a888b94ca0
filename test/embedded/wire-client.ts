import { connect } from 'node:net';
import { int32, message, MessageSplitter } from '@tuhai/cli/embedded/postgres/wire-messages';

/** A client that sends exactly the bytes it is told to, for what node-postgres never sends. */
export async function wireClient(socketPath: string) {
  const socket = connect(socketPath);
  const splitter = new MessageSplitter();
  let types = '';
  let arrived: (() => void) | undefined;
  socket.on('data', (chunk) => {
    splitter.push(chunk);
    for (let reply = splitter.next(1); reply; reply = splitter.next(1)) {
      types += String.fromCharCode(reply[0] ?? 0);
    }
    arrived?.();
  });
  const send = (...bytes: Uint8Array[]): void => void socket.write(Buffer.concat(bytes));
  /** Types of the replies since the last call, up to and with the first `until`. */
  const receive = async (until = 'Z'): Promise<string> => {
    while (!types.includes(until)) await new Promise<void>((resolve) => (arrived = resolve));
    const end = types.indexOf(until) + 1;
    const received = types.slice(0, end);
    types = types.slice(end);
    return received;
  };
  const exchange = (...bytes: Uint8Array[]): Promise<string> => {
    send(...bytes);
    return receive();
  };
  const body = Buffer.concat([int32(3 << 16), Buffer.from('user\0u\0database\0postgres\0\0')]);
  await exchange(int32(body.length + 4), body);
  return { send, receive, exchange, close: () => socket.destroy() };
}

const none = Buffer.alloc(2);

/** Messages of the extended query protocol, without parameters. */
export const wire = {
  parse: (name: string, sql: string) => message('P', name, sql, none),
  bindAndExecute: (name: string) =>
    Buffer.concat([message('B', '', name, none, none, none), message('E', '', int32(0))]),
  sync: message('S'),
  flush: message('H'),
  query: (sql: string) => message('Q', sql),
};
