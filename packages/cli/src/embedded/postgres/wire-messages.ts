/**
 * Postgres wire protocol, version 3: cutting a byte stream into messages and writing the few messages that the
 * embedded server answers by itself. Format: https://www.postgresql.org/docs/current/protocol-message-formats.html
 */

const messageBytesMax = 1024 ** 3;

/** A stream broke the framing of the wire protocol; the connection cannot go on. */
export class WireFramingError extends Error {
  override name = 'WireFramingError';
}

/** Cuts the bytes of one connection into whole messages, whatever the chunks they arrive in. */
export class MessageSplitter {
  #chunks: Buffer[] = [];
  #sizeBytes = 0;

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#sizeBytes += chunk.length;
  }

  /**
   * Takes the next whole message, header included, or undefined until more bytes come.
   * Start-up packets have no type byte: `typeBytes` is 0 for them and 1 for everything later.
   */
  next(typeBytes: 0 | 1): Buffer | undefined {
    const headerBytes = typeBytes + 4;
    if (this.#sizeBytes < headerBytes) return undefined;
    const length = this.#contiguous(headerBytes).readInt32BE(typeBytes);
    if (length < 4 || length > messageBytesMax) throw new WireFramingError(`message of ${length} bytes`);
    const messageBytes = typeBytes + length;
    if (this.#sizeBytes < messageBytes) return undefined;
    const bytes = this.#contiguous(messageBytes);
    this.#chunks[0] = bytes.subarray(messageBytes);
    this.#sizeBytes -= messageBytes;
    return bytes.subarray(0, messageBytes);
  }

  // Joins chunks only when a message needs it, so a message of many MB is copied once and not once a chunk.
  #contiguous(sizeBytes: number): Buffer {
    let first = this.#chunks[0] ?? Buffer.alloc(0);
    if (first.length < sizeBytes) {
      first = Buffer.concat(this.#chunks);
      this.#chunks = [first];
    }
    return first;
  }
}

/** Writes one message: type, length, then each field; a string field is written with its closing zero. */
export function message(type: string, ...fields: (string | Uint8Array)[]): Buffer {
  const body = fields.map((field) => (typeof field === 'string' ? cString(field) : field));
  const length = body.reduce((sum, field) => sum + field.length, 4);
  return Buffer.concat([Buffer.from(type, 'latin1'), int32(length), ...body]);
}

export function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

export function cString(text: string): Buffer {
  return Buffer.from(`${text}\0`, 'utf8');
}

/** Reads the zero-terminated string at `offset`; `end` is the offset behind its zero. */
export function readCString(bytes: Buffer, offset: number): { text: string; end: number } {
  const zero = bytes.indexOf(0, offset);
  if (zero < 0) throw new WireFramingError('string without end');
  return { text: bytes.toString('utf8', offset, zero), end: zero + 1 };
}

/** ErrorResponse. `sqlState` is one of https://www.postgresql.org/docs/current/errcodes-appendix.html */
export function errorResponse(severity: 'ERROR' | 'FATAL', sqlState: string, text: string): Buffer {
  return message('E', `S${severity}`, `V${severity}`, `C${sqlState}`, `M${text}`, Buffer.alloc(1));
}

/** Visits the messages of `bytes`, which holds whole messages only: type letter, offset, offset behind it. */
export function eachMessage(bytes: Buffer, visit: (type: string, start: number, end: number) => void): void {
  for (let start = 0; start < bytes.length;) {
    const end = start + 1 + bytes.readInt32BE(start + 1);
    visit(String.fromCharCode(bytes[start] ?? 0), start, end);
    start = end;
  }
}
