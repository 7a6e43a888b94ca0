import { cString, int32, message, readCString } from './wire-messages.js';

// The statements whose text matters to the multiplexer when they run: they subscribe, set, or would read COPY data.
const noteworthySql = /\b(?:un)?listen\b|\bset_config\b|\bstdin\b/i;

/** A frontend message with this client's statement names replaced, and what the multiplexer must know about it. */
export interface RenamedMessage {
  bytes: Buffer;
  /** Text of a noteworthy statement that this message runs. */
  sql?: string;
  /** Touches the unnamed prepared statement: makes it, or needs it made before. */
  unnamed?: 'parses' | 'uses';
}

/**
 * All clients share one Postgres session, and so one space of prepared statements. This keeps the names of one
 * client apart from the others': each name is replaced by a short one that is unique in the session.
 */
export class StatementNames {
  readonly #prefix: string;
  readonly #statements = new Map<string, { sessionName: string; sql: string | undefined }>();
  #unnamedSql: string | undefined;
  /** The client's latest Parse of the unnamed statement, to be repeated when another client replaced it. */
  unnamedParse: Buffer | undefined;

  constructor(clientId: number) {
    this.#prefix = `${clientId}:`;
  }

  /** Renames in Parse, Bind, Describe and Close; other messages come back as they are. */
  rename(bytes: Buffer): RenamedMessage {
    switch (String.fromCharCode(bytes[0] ?? 0)) {
      case 'Q':
        return { bytes, ...noted(readCString(bytes, 5).text) };
      case 'P':
        return this.#parse(bytes);
      case 'B': {
        const portal = readCString(bytes, 5);
        const name = readCString(bytes, portal.end);
        return this.#use(name.text, bytes, portal.end, name.end);
      }
      case 'D':
      case 'C':
        if (bytes[5] !== 'S'.charCodeAt(0)) return { bytes };
        return this.#use(readCString(bytes, 6).text, bytes, 6, bytes.length);
      default:
        return { bytes };
    }
  }

  /** Close messages for everything this client prepared, for when it leaves. */
  closeAll(): Buffer {
    const names = [...this.#statements.values()].map(({ sessionName }) => sessionName);
    return Buffer.concat(names.map((name) => message('C', Buffer.from('S'), name)));
  }

  #parse(bytes: Buffer): RenamedMessage {
    const name = readCString(bytes, 5);
    const { sql } = noted(readCString(bytes, name.end).text);
    if (name.text === '') {
      this.unnamedParse = bytes;
      this.#unnamedSql = sql;
      return { bytes, unnamed: 'parses' };
    }
    const known = this.#statements.get(name.text);
    const sessionName = known?.sessionName ?? `${this.#prefix}${this.#statements.size}`;
    this.#statements.set(name.text, { sessionName, sql });
    return { bytes: spliced(bytes, 5, name.end, sessionName) };
  }

  #use(name: string, bytes: Buffer, start: number, end: number): RenamedMessage {
    const runs = bytes[0] === 'B'.charCodeAt(0);
    if (name === '') {
      return { bytes, unnamed: 'uses', ...(runs && this.#unnamedSql ? { sql: this.#unnamedSql } : {}) };
    }
    const statement = this.#statements.get(name);
    // A name that was never prepared stays unknown, and Postgres says so, naming it.
    if (!statement) return { bytes };
    const renamed = spliced(bytes, start, end, statement.sessionName);
    return { bytes: renamed, ...(runs && statement.sql ? { sql: statement.sql } : {}) };
  }
}

function noted(sql: string): { sql?: string } {
  return noteworthySql.test(sql) ? { sql } : {};
}

function spliced(bytes: Buffer, start: number, end: number, text: string): Buffer {
  const replaced = Buffer.concat([bytes.subarray(0, start), cString(text), bytes.subarray(end)]);
  int32(replaced.length - 1).copy(replaced, 1);
  return replaced;
}
