import type { ClientUnit } from './client-unit.js';
import { type PostgresSession, type SessionClient, SharedSession } from './shared-session.js';
import { errorResponse, message } from './wire-messages.js';

/** A connected client, as the multiplexer sees it. */
export interface MultiplexedClient extends SessionClient {
  /** Next unit to run, if the client sent one and has read its answers so far. */
  nextUnit(): ClientUnit | undefined;
  hasUnit(): boolean;
  /** Ends the connection, after `reason` (an ErrorResponse). */
  end(reason: Buffer): void;
}

/**
 * Shares one Postgres session among many clients. Each unit of a client runs alone; a transaction belongs to its
 * client until it ends, and the others wait their turn, first come first served.
 *
 * All clients being one session, session-level advisory locks exclude nobody (transaction-level ones do: there is
 * one transaction at a time); temporary tables, SQL-level PREPARE and SET ROLE are seen by all; pg_stat_activity
 * has one row; and timeouts and CancelRequest do nothing, since a running statement cannot be interrupted.
 */
export class SessionMultiplexer {
  readonly #clients = new Set<MultiplexedClient>();
  readonly #session: SharedSession;
  readonly #transactionIdleMsMax: number;
  readonly #tasks: (() => void)[] = [];
  #waiting: MultiplexedClient[] = [];
  #pinned: MultiplexedClient | undefined;
  #idleTimer: NodeJS.Timeout | undefined;
  #turnScheduled = false;

  /** @param transactionIdleMsMax how long an idle transaction may keep others waiting before it is rolled back */
  constructor(session: PostgresSession, transactionIdleMsMax = 60_000) {
    this.#session = new SharedSession(session, this.#clients);
    this.#transactionIdleMsMax = transactionIdleMsMax;
  }

  add(client: MultiplexedClient): void {
    this.#clients.add(client);
  }

  /** Says that `client` may have a unit to run. */
  wake(client: MultiplexedClient): void {
    if (!this.#clients.has(client) || !client.hasUnit()) return;
    if (!this.#waiting.includes(client)) this.#waiting.push(client);
    this.#schedule();
  }

  /** Forgets a client that left: its transaction is rolled back, `lastMessages` (Close messages) are run. */
  remove(client: MultiplexedClient, lastMessages: Buffer): void {
    if (!this.#clients.delete(client)) return;
    this.#waiting = this.#waiting.filter((other) => other !== client);
    if (this.#pinned === client) {
      this.#pinned = undefined;
      this.#session.abandon(client);
    }
    if (lastMessages.length > 0) {
      this.#tasks.push(() => this.#session.run(Buffer.concat([lastMessages, message('S')])));
    }
    this.#schedule();
  }

  /** Runs `task` between transactions, with the server's own settings. */
  whenFree(task: () => void): void {
    this.#tasks.push(() => {
      this.#session.useSettings(new Map());
      task();
    });
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
    const client = task ? undefined : (this.#pinned ?? this.#waiting[0]);
    const unit = client?.nextUnit();
    if (client) this.#waiting = this.#waiting.filter((other) => other !== client);
    task?.();
    if (client && unit) this.#runUnit(client, unit);
    // To the end of the queue, however much more it has sent.
    if (client?.hasUnit()) this.#waiting.push(client);
    this.#watchIdleTransaction();
    const isBlocked = this.#pinned !== undefined && !this.#pinned.hasUnit();
    if (!isBlocked && this.#tasks.length + this.#waiting.length > 0) this.#schedule();
  }

  #runUnit(client: MultiplexedClient, unit: ClientUnit): void {
    this.#stopIdleTimer();
    const end = this.#session.runUnit(client, unit, this.#pinned !== undefined);
    this.#pinned = end === 'in transaction' || end === 'not synced' ? client : undefined;
    if (end === 'settings refused') {
      client.end(errorResponse('FATAL', '22023', 'a start-up setting of this connection was refused'));
    }
  }

  #watchIdleTransaction(): void {
    const pinned = this.#pinned;
    if (pinned && !pinned.hasUnit() && this.#waiting.length + this.#tasks.length > 0) {
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
