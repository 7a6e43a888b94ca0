import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { UsageError } from '../usage-error.js';
import { onnxFields } from './onnx-fields.js';
import { readFields, readText, type ByteSource, type Field } from './wire-format.js';

const windowBytes = 1 << 16;

/**
 * The files in which a graph keeps weights outside itself. Reads the graph's structure only, a window at a time: a
 * model of gigabytes costs no more memory than a small one.
 * @returns absolute paths, sorted
 * @throws {UsageError} when the file is no ONNX model, or one of the files is missing
 */
export function externalDataFiles(graph: string): string[] {
  const file = openSync(graph, 'r');
  try {
    const locations = [...new Set(locationsIn(inFile(file)))];
    return locations.sort().map((location) => existing(join(dirname(graph), location), graph));
  } catch (error) {
    if (error instanceof RangeError)
      throw new UsageError(`${graph}: no ONNX model: ${error.message}`, { cause: error });
    throw error;
  } finally {
    closeSync(file);
  }
}

function existing(path: string, graph: string): string {
  if (existsSync(path)) return path;
  throw new UsageError(`${graph} keeps weights in ${path}, which is missing`);
}

function* locationsIn(source: ByteSource): Generator<string> {
  for (const graph of fieldsOf(source, { contentStart: 0, end: source.length }, onnxFields.model.graph)) {
    for (const tensor of fieldsOf(source, graph, onnxFields.graph.initializer)) {
      for (const entry of fieldsOf(source, tensor, onnxFields.tensor.externalData)) {
        const [key] = fieldsOf(source, entry, onnxFields.stringEntry.key);
        const [value] = fieldsOf(source, entry, onnxFields.stringEntry.value);
        if (key && value && readText(source, key) === 'location') yield readText(source, value);
      }
    }
  }
}

function* fieldsOf(
  source: ByteSource,
  message: Pick<Field, 'contentStart' | 'end'>,
  number: number,
): Generator<Field> {
  for (const field of readFields(source, message.contentStart, message.end))
    if (field.number === number) yield field;
}

function inFile(file: number): ByteSource {
  let window = { start: 0, bytes: new Uint8Array() };
  return {
    length: fstatSync(file).size,
    read(start, end) {
      const within = start >= window.start && end <= window.start + window.bytes.length;
      if (!within) {
        const buffer = new Uint8Array(Math.max(windowBytes, end - start));
        window = { start, bytes: buffer.subarray(0, readSync(file, buffer, 0, buffer.length, start)) };
      }
      return window.bytes.subarray(start - window.start, end - window.start);
    },
  };
}
