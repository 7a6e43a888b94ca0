import { channelsAfter, listenSql } from './listened-channels.js';
import { type Settings, sessionSettingsSql, settingsSwitchSql } from './session-settings.js';
import type { ClientUnit } from './client-unit.js';
import { type SessionAnswer, readAnswer } from './session-answer.js';
import { errorResponse, message } from './wire-messages.js';

/** The one Postgres session that all clients share. */
export interface PostgresSession {
  /** Runs frontend messages and answers with all backend messages that they caused. */
  execute(messages: Uint8Array): Buffer;
}

/** A connected client, as the multiplexer sees it. */
export interface MultiplexedClient {
  /** Next unit to run, if the client sent one and has read its answers so far. */
  nextUnit(): ClientUnit | undefined;
  hasUnit(): boolean;
  send(bytes: Buffer): void;
  /** Ends the connection, after `reason` (an ErrorResponse). */
  end(reason: Buffer): void;
  readonly unnamedParse: Buffer | undefined;
  /** Settings wanted for this client's units: from its start-up packet, then from its own SET. */
  settings: Settings;
  channels: ReadonlySet<string>;
}

/**
 * Shares one Postgres session among many clients. Each unit of a client runs alone; a transaction belongs to its
 * client until it ends, and the others wait their turn, first come first served. Session settings are put back
 * for each client, notifications reach those who listen.
 *
 * All clients being one session, session-level advisory locks exclude nobody (transaction-level ones are not
 * needed), temporary tables, SQL-level PREPARE and SET ROLE are seen by all, and timeouts and CancelRequest do
 * nothing, since a running statement cannot be interrupted.
 */
export class SessionMultiplexer {
  readonly #session: PostgresSession;
  readonly #transactionIdleMsMax: number;
  #waiting: MultiplexedClient[] = [];
  #tasks: (() => void)[] = [];
  #clients = new Set<MultiplexedClient>();
  #pinned: MultiplexedClient | undefined;
  #idleTimer: NodeJS.Timeout | undefined;
  #turnScheduled = false;
  #settings: Settings = new Map();
  #settingsTouched = false;
  #unlistened = false;
  #unnamedOwner: MultiplexedClient | undefined;

  /** @param transactionIdleMsMax how long an idle transaction may keep others waiting before it is rolled back */
  constructor(session: PostgresSession, transactionIdleMsMax = 60_000) {
    this.#session = session;
    this.#transactionIdleMsMax = transactionIdleMsMax;
  }

  get clientCount(): number {
    return this.#clients.size;
  }

  add(client: MultiplexedClient): void {
    this.#clients.add(client);
  }

  /** Says that `client` may have a unit to run. */
  wake(client: MultiplexedClient): void {
    if (this.#clients.has(client) && client.hasUnit() && !this.#waiting.includes(client))
      this.#waiting.push(client);
    this.#schedule();
  }

  /** Forgets a client that left: its transaction is rolled back, `lastMessages` (Close messages) are run. */
  remove(client: MultiplexedClient, lastMessages: Buffer): void {
    if (!this.#clients.delete(client)) return;
    this.#waiting = this.#waiting.filter((other) => other !== client);
    if (this.#pinned === client) {
      this.#run(message('S'));
      this.#run(message('Q', 'rollback'));
      this.#settle(client);
    }
    if (lastMessages.length > 0) this.whenFree(() => this.#run(Buffer.concat([lastMessages, message('S')])));
    this.#schedule();
  }

  /** Runs `task` between transactions, with the server's own settings. */
  whenFree(task: () => void): void {
    this.#tasks.push(task);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#turnScheduled) return;
    this.#turnScheduled = true;
    // Sockets are read between turns.
    setImmediate(() => {
      this.#turnScheduled = false;
      this.#turn();
    });
  }

  #turn(): void {
    const task = this.#pinned ? undefined : this.#tasks.shift();
    if (task) {
      this.#switchSettings(new Map());
      task();
    } else {
      const client = this.#pinned ?? this.#waiting[0];
      const unit = client?.nextUnit();
      if (client) this.#waiting = this.#waiting.filter((other) => other !== client);
      if (client && unit) this.#runUnit(client, unit);
      if (client?.hasUnit()) this.#waiting.push(client);
      this.#watchIdleTransaction();
      if (!unit && (this.#pinned || this.#waiting.length === 0)) return;
    }
    if (this.#tasks.length > 0 || this.#waiting.length > 0) this.#schedule();
  }

  #runUnit(client: MultiplexedClient, unit: ClientUnit): void {
    this.#stopIdleTimer();
    if (!this.#pinned && !this.#switchSettings(client.settings)) {
      client.end(errorResponse('FATAL', '22023', 'a start-up setting of this connection was refused'));
      return;
    }
    const replayed = unit.usesUnnamed && this.#unnamedOwner !== client ? client.unnamedParse : undefined;
    const answer = this.#run(
      replayed ? Buffer.concat([replayed, unit.bytes]) : unit.bytes,
      replayed !== undefined,
    );
    if (unit.usesUnnamed || unit.parsesUnnamed) this.#unnamedOwner = client;
    client.send(answer.forward);
    this.#noteEffects(client, unit, answer);
    if (answer.status === 'I') this.#settle(client);
    else if (answer.status !== undefined || unit.endsInFlush) this.#pinned = client;
  }

  #run(messages: Buffer, dropFirstParse = false): SessionAnswer {
    const answer = readAnswer(this.#session.execute(messages), dropFirstParse);
    for (const { channel, bytes } of answer.notifications) {
      for (const client of this.#clients) if (client.channels.has(channel)) client.send(bytes);
    }
    return answer;
  }

  #noteEffects(client: MultiplexedClient, unit: ClientUnit, answer: SessionAnswer): void {
    const settingSql = unit.sql.some((sql) => /set_config/i.test(sql));
    if (settingSql || answer.tags.has('SET') || answer.tags.has('RESET')) this.#settingsTouched = true;
    if (answer.tags.has('UNLISTEN')) this.#unlistened = true;
    if (answer.tags.has('LISTEN') || answer.tags.has('UNLISTEN')) {
      client.channels = channelsAfter(unit.sql.join(';'), client.channels);
    }
  }

  /** The client is out of its transaction: what it changed for the session becomes its own. */
  #settle(client: MultiplexedClient): void {
    this.#pinned = undefined;
    if (this.#settingsTouched) {
      this.#settings = new Map(this.#run(message('Q', sessionSettingsSql)).rows as [string, string][]);
      client.settings = this.#settings;
      this.#settingsTouched = false;
    }
    // The session forgot the channels for all; subscribe again for those who still listen.
    if (this.#unlistened) {
      this.#run(message('Q', listenSql(this.#listenedChannels())));
      this.#unlistened = false;
    }
  }

  #listenedChannels(): Set<string> {
    const channels = new Set<string>();
    for (const client of this.#clients) for (const channel of client.channels) channels.add(channel);
    return channels;
  }

  #switchSettings(settings: Settings): boolean {
    if (settings === this.#settings) return true;
    const sql = settingsSwitchSql(this.#settings, settings);
    if (sql && this.#run(message('Q', sql)).failed) return false;
    this.#settings = settings;
    return true;
  }

  #watchIdleTransaction(): void {
    const pinned = this.#pinned;
    if (pinned && !pinned.hasUnit() && (this.#waiting.length > 0 || this.#tasks.length > 0)) {
      this.#idleTimer ??= setTimeout(() => this.#endIdle(pinned), this.#transactionIdleMsMax);
    } else {
      this.#stopIdleTimer();
    }
  }

  #stopIdleTimer(): void {
    clearTimeout(this.#idleTimer);
    this.#idleTimer = undefined;
  }

  #endIdle(client: MultiplexedClient): void {
    this.#stopIdleTimer();
    if (this.#pinned !== client || client.hasUnit()) return;
    const text = `rolled back: idle in a transaction for ${this.#transactionIdleMsMax} ms while others waited`;
    client.end(
      errorResponse('FATAL', '25P03', `${text} (the embedded Postgres runs one transaction at a time)`),
    );
  }
}
