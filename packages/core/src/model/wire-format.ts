/** Protobuf's wire format, as far as ONNX files need it: https://protobuf.dev/programming-guides/encoding/ */

/** Bytes in memory or in a file. */
export interface ByteSource {
  readonly length: number;
  /** Fewer bytes where the source ends before `end`. */
  read(start: number, end: number): Uint8Array;
  /** Into `target` from `at` on; what is large is not copied on the way. */
  copy(start: number, end: number, target: Uint8Array, at: number): void;
}

export interface Field {
  number: number;
  /** Where the field with its tag begins and ends. */
  start: number;
  end: number;
  /** Where a length-delimited field's content begins; `end` for the others. */
  contentStart: number;
}

const wireTypes = { varint: 0, fixed64: 1, lengthDelimited: 2, fixed32: 5 } as const;
/** A tag and a length, each at most ten bytes. */
const headBytesMax = 20;

export const inMemory = (bytes: Uint8Array): ByteSource => ({
  length: bytes.length,
  read: (start, end) => bytes.subarray(start, Math.min(end, bytes.length)),
  copy: (start, end, target, at) => target.set(bytes.subarray(start, end), at),
});

/**
 * The fields of a message, one after the other; their contents are not read.
 * @throws {RangeError} when the bytes are no protobuf message
 */
export function* readFields(source: ByteSource, start = 0, end = source.length): Generator<Field> {
  for (let at = start; at < end;) {
    const head = source.read(at, Math.min(end, at + headBytesMax));
    const tag = readVarint(head, 0);
    const number = Math.floor(tag.value / 8);
    const field = { number, start: at, ...extent(head, tag, at) };
    if (number === 0 || field.end > end) throw new RangeError(`no protobuf field at byte ${at}`);
    yield field;
    at = field.end;
  }
}

/** Those fields of a message that have one number. */
export function* fieldsOf(
  source: ByteSource,
  message: Pick<Field, 'contentStart' | 'end'>,
  number: number,
): Generator<Field> {
  for (const field of readFields(source, message.contentStart, message.end))
    if (field.number === number) yield field;
}

function extent(head: Uint8Array, tag: Varint, at: number): Pick<Field, 'contentStart' | 'end'> {
  const body = at + tag.next;
  switch (tag.value % 8) {
    case wireTypes.varint:
      return scalar(at + readVarint(head, tag.next).next);
    case wireTypes.fixed64:
      return scalar(body + 8);
    case wireTypes.fixed32:
      return scalar(body + 4);
    case wireTypes.lengthDelimited: {
      const length = readVarint(head, tag.next);
      return { contentStart: at + length.next, end: at + length.next + length.value };
    }
    default:
      throw new RangeError(`no protobuf field at byte ${at}`);
  }
}

const scalar = (end: number): Pick<Field, 'contentStart' | 'end'> => ({ contentStart: end, end });

interface Varint {
  value: number;
  next: number;
}

/** Exact up to 2⁵³; negative numbers (ten bytes) come out as some large one. */
function readVarint(bytes: Uint8Array, at: number): Varint {
  let value = 0;
  for (let i = 0; i < 10; i++) {
    const byte = bytes[at + i];
    if (byte === undefined) break;
    value += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) return { value, next: at + i + 1 };
  }
  throw new RangeError('a protobuf number does not end');
}

const utf8 = new TextDecoder();

export const readText = (source: ByteSource, field: Field): string =>
  utf8.decode(source.read(field.contentStart, field.end));

/** The number that a varint field holds. */
export function readNumber(source: ByteSource, field: Field): number {
  const bytes = source.read(field.start, field.end);
  return readVarint(bytes, readVarint(bytes, 0).next).value;
}

/** A field that holds text, bytes or a message; `content` may come in pieces. */
export function lengthDelimited(number: number, ...content: (string | Uint8Array)[]): Uint8Array {
  const body = Buffer.concat(content.map((part) => Buffer.from(part)));
  return Buffer.concat([lengthDelimitedHead(number, body.length), body]);
}

/** A field that holds a whole number from 0 on. */
export const numberField = (number: number, value: number): Uint8Array =>
  Uint8Array.from([...varint(number * 8 + wireTypes.varint), ...varint(value)]);

/** A length-delimited field's tag and length, to stand before its content. */
export function lengthDelimitedHead(number: number, contentLength: number): Uint8Array {
  return Uint8Array.from([...varint(number * 8 + wireTypes.lengthDelimited), ...varint(contentLength)]);
}

function varint(value: number): number[] {
  return value < 0x80 ? [value] : [(value % 0x80) + 0x80, ...varint(Math.floor(value / 0x80))];
}
