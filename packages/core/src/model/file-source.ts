import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { UsageError } from '../usage-error.js';
import type { ByteSource } from './wire-format.js';

const windowBytes = 1 << 16;

/**
 * Reads an ONNX file in pieces, as far as `read` asks for them: of gigabytes of weights only those that are needed come
 * into memory.
 * @throws {UsageError} when the file is no ONNX model
 */
export function withGraph<T>(path: string, read: (source: ByteSource) => T): T {
  const file = openSync(path, 'r');
  try {
    return read(inFile(file));
  } catch (error) {
    if (error instanceof RangeError)
      throw new UsageError(`${path}: no ONNX model: ${error.message}`, { cause: error });
    throw error;
  } finally {
    closeSync(file);
  }
}

function inFile(file: number): ByteSource {
  let window = { start: 0, bytes: new Uint8Array() };
  return {
    length: fstatSync(file).size,
    read(start, end) {
      const within = start >= window.start && end <= window.start + window.bytes.length;
      if (!within) {
        const buffer = Buffer.allocUnsafeSlow(Math.max(windowBytes, end - start));
        window = { start, bytes: buffer.subarray(0, readSync(file, buffer, 0, buffer.length, start)) };
      }
      return window.bytes.subarray(start - window.start, end - window.start);
    },
    copy: (start, end, target, at) => void readSync(file, target, at, end - start, start),
  };
}
