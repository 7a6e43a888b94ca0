import { eachMessage, readCString } from './wire-messages.js';

/** The backend messages of one execution, sorted by whom they concern. */
export interface SessionAnswer {
  /** For the client that ran the messages, in order. */
  forward: Buffer;
  notifications: { channel: string; bytes: Buffer }[];
  /** First words of the CommandComplete tags: SELECT, SET, LISTEN … */
  tags: Set<string>;
  /** Of the last ReadyForQuery: idle, in a transaction, in a failed one. Absent while the unit is not synced. */
  status: 'I' | 'T' | 'E' | undefined;
  failed: boolean;
  /** Text values of result rows; for the multiplexer's own queries, which are small. */
  readonly rows: string[][];
}

/**
 * Sorts what the session answered. Notifications are taken out, to be routed; so is CopyInResponse, because
 * COPY FROM STDIN is refused, and with `dropFirstParse` the ParseComplete of a statement that was repeated.
 */
export function readAnswer(bytes: Buffer, dropFirstParse: boolean): SessionAnswer {
  const kept: Buffer[] = [];
  const notifications: SessionAnswer['notifications'] = [];
  const tags = new Set<string>();
  let status: SessionAnswer['status'];
  let failed = false;
  let keptEnd = 0;
  let dropsParse = dropFirstParse;
  eachMessage(bytes, (type, start, end) => {
    if (type === 'C') tags.add(readCString(bytes, start + 5).text.split(' ', 1)[0] ?? '');
    if (type === 'E') failed = true;
    if (type === 'Z') status = String.fromCharCode(bytes[start + 5] ?? 0) as SessionAnswer['status'];
    if (type === 'A') {
      notifications.push({ channel: readCString(bytes, start + 9).text, bytes: bytes.subarray(start, end) });
    }
    const isRepeatedParse = dropsParse && type === '1';
    if (isRepeatedParse) dropsParse = false;
    if (type === 'A' || type === 'G' || isRepeatedParse) {
      kept.push(bytes.subarray(keptEnd, start));
      keptEnd = end;
    }
  });
  const rest = bytes.subarray(keptEnd);
  const forward = kept.length > 0 ? Buffer.concat([...kept, rest]) : rest;
  return {
    forward,
    notifications,
    tags,
    status,
    failed,
    get rows() {
      return readRows(bytes);
    },
  };
}

function readRows(bytes: Buffer): string[][] {
  const rows: string[][] = [];
  eachMessage(bytes, (type, start) => {
    if (type !== 'D') return;
    const row: string[] = [];
    let offset = start + 7;
    for (let column = bytes.readInt16BE(start + 5); column > 0; column--) {
      const sizeBytes = Math.max(0, bytes.readInt32BE(offset));
      row.push(bytes.toString('utf8', offset + 4, offset + 4 + sizeBytes));
      offset += 4 + sizeBytes;
    }
    rows.push(row);
  });
  return rows;
}
