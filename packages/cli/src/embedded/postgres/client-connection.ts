import type { Socket } from 'node:net';
import { type ClientUnit, UnitBuilder } from './client-unit.js';
import type { MultiplexedClient, SessionMultiplexer } from './session-multiplexer.js';
import type { Settings } from './session-settings.js';
import { readStartupPacket } from './startup-packet.js';
import { StatementNames } from './statement-names.js';
import { WireFramingError, errorResponse, int32, message, MessageSplitter } from './wire-messages.js';

// A client that pipelines more than this is not read until it has been served.
const pendingUnitsMax = 16;

let lastClientId = 0;

/** What a connection tells its client about the server: its database and the ParameterStatus values. */
export interface ServerGreeting {
  database: string;
  parameters: ReadonlyMap<string, string>;
}

/** One client's socket: speaks the start-up, gathers units, hands them to the multiplexer, writes the answers. */
export class ClientConnection implements MultiplexedClient {
  readonly #socket: Socket;
  readonly #multiplexer: SessionMultiplexer;
  readonly #greeting: ServerGreeting;
  readonly #splitter = new MessageSplitter();
  readonly #id = ++lastClientId;
  readonly #names = new StatementNames(this.#id);
  readonly #builder = new UnitBuilder(this.#names);
  readonly #units: ClientUnit[] = [];
  #started = false;
  #ended = false;
  settings: Settings = new Map();
  channels: ReadonlySet<string> = new Set();

  constructor(socket: Socket, multiplexer: SessionMultiplexer, greeting: ServerGreeting) {
    this.#socket = socket;
    this.#multiplexer = multiplexer;
    this.#greeting = greeting;
    socket.on('data', (chunk) => this.#receive(chunk));
    socket.on('drain', () => multiplexer.wake(this));
    // A broken connection is a closed one; 'close' follows.
    socket.on('error', () => socket.destroy());
    socket.on('end', () => socket.end());
    socket.on('close', () => this.#leave());
    multiplexer.add(this);
  }

  get unnamedParse(): Buffer | undefined {
    return this.#names.unnamedParse;
  }

  hasUnit(): boolean {
    return this.#units.length > 0 && !this.#socket.writableNeedDrain && !this.#ended;
  }

  nextUnit(): ClientUnit | undefined {
    if (!this.hasUnit()) return undefined;
    const unit = this.#units.shift();
    if (this.#units.length < pendingUnitsMax) this.#socket.resume();
    return unit;
  }

  send(bytes: Buffer): void {
    if (!this.#ended && bytes.length > 0) this.#socket.write(bytes);
  }

  end(reason: Buffer): void {
    this.send(reason);
    this.#leave();
    this.#socket.destroySoon();
  }

  #leave(): void {
    this.#ended = true;
    this.#multiplexer.remove(this, this.#names.closeAll());
  }

  #receive(chunk: Buffer): void {
    this.#splitter.push(chunk);
    try {
      for (;;) {
        const bytes = this.#ended ? undefined : this.#splitter.next(this.#started ? 1 : 0);
        if (!bytes) break;
        if (this.#started) this.#accept(bytes);
        else this.#start(bytes);
      }
    } catch (error) {
      if (!(error instanceof WireFramingError || error instanceof RangeError)) throw error;
      this.end(errorResponse('FATAL', '08P01', error.message));
    }
    if (this.#units.length >= pendingUnitsMax) this.#socket.pause();
    if (this.hasUnit()) this.#multiplexer.wake(this);
  }

  #start(packet: Buffer): void {
    const startup = readStartupPacket(packet);
    if (startup.kind === 'encryption') {
      this.#socket.write('N');
    } else if (startup.kind === 'cancel') {
      // Postgres answers nothing either. There is nothing to cancel: a statement cannot be interrupted.
      this.#leave();
      this.#socket.end();
    } else if (startup.database !== this.#greeting.database) {
      this.end(errorResponse('FATAL', '3D000', `database "${startup.database}" does not exist`));
    } else {
      this.settings = startup.settings;
      this.#started = true;
      const parameters = [...this.#greeting.parameters].map(([name, value]) => message('S', name, value));
      // AuthenticationOk: the socket's directory admits its owner only.
      const key = message('K', int32(this.#id), int32(0));
      this.send(Buffer.concat([message('R', int32(0)), ...parameters, key, message('Z', Buffer.from('I'))]));
    }
  }

  #accept(bytes: Buffer): void {
    if (bytes[0] === 'X'.charCodeAt(0)) {
      this.#leave();
      this.#socket.end();
      return;
    }
    const unit = this.#builder.add(bytes);
    if (unit) this.#units.push(unit);
  }
}
