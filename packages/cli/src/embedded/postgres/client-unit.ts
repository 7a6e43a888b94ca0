import { message } from './wire-messages.js';
import type { StatementNames } from './statement-names.js';

/** Messages of one client that run without another client's in between: up to a Sync, Flush or simple Query. */
export interface ClientUnit {
  bytes: Buffer;
  /** Texts of the noteworthy statements that it runs (see StatementNames). */
  sql: string[];
  /** Ends in Flush: the client goes on with the same unnamed statement and portal, so nobody may come between. */
  endsInFlush: boolean;
  /** Uses the unnamed prepared statement of an earlier unit. */
  usesUnnamed: boolean;
  parsesUnnamed: boolean;
}

const closesUnit = new Set(['Q', 'S', 'H', 'F']);

// Left over when a client goes on sending a COPY that failed; Postgres ignores them too. And a password nobody asked for.
const ignored = new Set(['d', 'c', 'f', 'p']);

// A COPY FROM STDIN reads this and fails; outside of one, Postgres skips it. Without it the whole session would
// wait inside COPY for data of one client.
const refusedCopy = message('f', 'COPY FROM STDIN is not supported by the embedded Postgres');

/** Gathers a client's messages into units, with its statement names made unique. */
export class UnitBuilder {
  readonly #names: StatementNames;
  #parts: Buffer[] = [];
  #unit = emptyUnit();

  constructor(names: StatementNames) {
    this.#names = names;
  }

  /** Adds a message (typed, not Terminate); answers with the unit that it completes. */
  add(bytes: Buffer): ClientUnit | undefined {
    const type = String.fromCharCode(bytes[0] ?? 0);
    if (ignored.has(type)) return undefined;
    const renamed = this.#names.rename(bytes);
    if (renamed.sql) this.#unit.sql.push(renamed.sql);
    if (renamed.unnamed === 'parses') this.#unit.parsesUnnamed = true;
    if (renamed.unnamed === 'uses' && !this.#unit.parsesUnnamed) this.#unit.usesUnnamed = true;
    if (type !== 'Q' && this.#mayCopy() && closesUnit.has(type)) this.#parts.push(refusedCopy);
    this.#parts.push(renamed.bytes);
    if (!closesUnit.has(type)) return undefined;
    if (type === 'Q' && this.#mayCopy()) this.#parts.push(refusedCopy);
    const unit = { ...this.#unit, bytes: Buffer.concat(this.#parts), endsInFlush: type === 'H' };
    this.#parts = [];
    this.#unit = emptyUnit();
    return unit;
  }

  #mayCopy(): boolean {
    return this.#unit.sql.some((sql) => /\bstdin\b/i.test(sql));
  }
}

function emptyUnit(): ClientUnit {
  return { bytes: Buffer.alloc(0), sql: [], endsInFlush: false, usesUnnamed: false, parsesUnnamed: false };
}
