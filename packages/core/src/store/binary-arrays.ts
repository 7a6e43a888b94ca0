/**
 * One-dimensional arrays without nulls in Postgres' binary format, as parameters for `unnest`: int32 dimensions, null
 * flag, element type's oid, length and lower bound, then each element behind its int32 length; all big-endian. As text
 * they take the server three times as long to read.
 */
const headBytes = 20;
const lengthBytes = 4;

const oids = { boolean: 16, bigint: 20, integer: 23, text: 25, real: 700 } as const;

export const bigintArray = (values: readonly number[]): Buffer =>
  fixedSizeArray('bigint', 8, values, (buffer, value, at) => buffer.writeBigInt64BE(BigInt(value), at));

export const integerArray = (values: readonly number[]): Buffer =>
  fixedSizeArray('integer', 4, values, (buffer, value, at) => buffer.writeInt32BE(value, at));

export const booleanArray = (values: readonly boolean[]): Buffer =>
  fixedSizeArray('boolean', 1, values, (buffer, value, at) => buffer.writeUInt8(Number(value), at));

/** NaN stands for itself: a statement that means null by it says `nullif`. */
export const realArray = (values: readonly number[]): Buffer =>
  fixedSizeArray('real', 4, values, (buffer, value, at) => buffer.writeFloatBE(value, at));

/** Each different text is encoded once: labels are few and their rows many. */
export function textArray(values: readonly string[]): Buffer {
  const encoded = new Map<string, Buffer>();
  const elements = values.map((value) => {
    const known = encoded.get(value) ?? Buffer.from(value);
    encoded.set(value, known);
    return known;
  });
  const size = elements.reduce((sum, { length }) => sum + lengthBytes + length, headBytes);
  const buffer = Buffer.allocUnsafe(size);
  let at = writeHead(buffer, 'text', values.length);
  for (const element of elements) {
    at = buffer.writeInt32BE(element.length, at);
    at += element.copy(buffer, at);
  }
  return buffer;
}

function fixedSizeArray<T>(
  type: keyof typeof oids,
  elementBytes: number,
  values: readonly T[],
  write: (buffer: Buffer, value: T, at: number) => void,
): Buffer {
  const buffer = Buffer.allocUnsafe(headBytes + values.length * (lengthBytes + elementBytes));
  let at = writeHead(buffer, type, values.length);
  for (const value of values) {
    at = buffer.writeInt32BE(elementBytes, at);
    write(buffer, value, at);
    at += elementBytes;
  }
  return buffer;
}

/** @returns where the elements begin */
function writeHead(buffer: Buffer, type: keyof typeof oids, length: number): number {
  let at = buffer.writeInt32BE(1, 0);
  at = buffer.writeInt32BE(0, at);
  at = buffer.writeUInt32BE(oids[type], at);
  at = buffer.writeInt32BE(length, at);
  return buffer.writeInt32BE(1, at);
}
