import type { ClientUnit } from './client-unit.js';
import { channelsAfter, listenSql } from './listened-channels.js';
import { readAnswer, type SessionAnswer } from './session-answer.js';
import { type Settings, sessionSettingsSql, settingsSwitchSql } from './session-settings.js';
import { message } from './wire-messages.js';

/** A Postgres session that is spoken to in wire messages. */
export interface PostgresSession {
  /** Runs frontend messages and answers with all backend messages that they caused. */
  execute(messages: Uint8Array): Buffer;
}

/** What the session keeps apart for each client. */
export interface SessionClient {
  send(bytes: Buffer): void;
  readonly unnamedParse: Buffer | undefined;
  /** Settings wanted for this client's units: from its start-up packet, then from its own SET. */
  settings: Settings;
  channels: ReadonlySet<string>;
}

/** Where the session stands after a unit, or that the client's settings were refused and nothing was run. */
export type UnitEnd = 'idle' | 'in transaction' | 'not synced' | 'settings refused';

/**
 * One Postgres session that looks to each client like its own: before a unit its settings and its unnamed
 * statement are put back, after it notifications go to those who listen.
 */
export class SharedSession {
  readonly #session: PostgresSession;
  readonly #clients: ReadonlySet<SessionClient>;
  #settings: Settings = new Map();
  #settingsTouched = false;
  #unlistened = false;
  #unnamedOwner: SessionClient | undefined;

  constructor(session: PostgresSession, clients: ReadonlySet<SessionClient>) {
    this.#session = session;
    this.#clients = clients;
  }

  /** Runs a unit and sends its answer. The session is outside of a transaction, or in one of this client's. */
  runUnit(client: SessionClient, unit: ClientUnit, inTransaction: boolean): UnitEnd {
    if (!inTransaction && !this.useSettings(client.settings)) return 'settings refused';
    const replayed = unit.usesUnnamed && this.#unnamedOwner !== client ? client.unnamedParse : undefined;
    const messages = replayed ? Buffer.concat([replayed, unit.bytes]) : unit.bytes;
    const answer = this.run(messages, replayed !== undefined);
    if (unit.usesUnnamed || unit.parsesUnnamed) this.#unnamedOwner = client;
    client.send(answer.forward);
    this.#noteEffects(client, unit, answer);
    if (answer.status === undefined) return 'not synced';
    if (answer.status !== 'I') return 'in transaction';
    this.#settle(client);
    return 'idle';
  }

  /** Rolls back what the client left open. */
  abandon(client: SessionClient): void {
    this.run(message('S'));
    this.run(message('Q', 'rollback'));
    this.#settle(client);
  }

  run(messages: Buffer, dropFirstParse = false): SessionAnswer {
    const answer = readAnswer(this.#session.execute(messages), dropFirstParse);
    for (const { channel, bytes } of answer.notifications) {
      for (const client of this.#clients) if (client.channels.has(channel)) client.send(bytes);
    }
    return answer;
  }

  /** @returns false if one of them is wrong; all stay as they were then */
  useSettings(settings: Settings): boolean {
    if (settings === this.#settings) return true;
    const sql = settingsSwitchSql(this.#settings, settings);
    if (sql && this.run(message('Q', sql)).failed) return false;
    this.#settings = settings;
    return true;
  }

  #noteEffects(client: SessionClient, unit: ClientUnit, answer: SessionAnswer): void {
    const callsSetConfig = unit.sql.some((sql) => /set_config/i.test(sql));
    if (callsSetConfig || answer.tags.has('SET') || answer.tags.has('RESET')) this.#settingsTouched = true;
    if (answer.tags.has('UNLISTEN')) this.#unlistened = true;
    if (answer.tags.has('LISTEN') || answer.tags.has('UNLISTEN')) {
      client.channels = channelsAfter(unit.sql.join(';'), client.channels);
    }
  }

  /** The client is out of its transaction: what it changed for the session becomes its own. */
  #settle(client: SessionClient): void {
    if (this.#settingsTouched) {
      this.#settings = new Map(this.run(message('Q', sessionSettingsSql)).rows as [string, string][]);
      client.settings = this.#settings;
      this.#settingsTouched = false;
    }
    // The session forgot the channels for all; subscribe again for those who still listen.
    if (this.#unlistened) {
      this.run(message('Q', listenSql(this.#listenedChannels())));
      this.#unlistened = false;
    }
  }

  #listenedChannels(): Set<string> {
    const channels = new Set<string>();
    for (const client of this.#clients) for (const channel of client.channels) channels.add(channel);
    return channels;
  }
}
