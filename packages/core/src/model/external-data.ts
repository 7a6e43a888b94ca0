import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { UsageError } from '../usage-error.js';
import { withGraph } from './file-source.js';
import { onnxFields } from './onnx-fields.js';
import { fieldsOf, readText, type ByteSource } from './wire-format.js';

/**
 * The files in which a graph keeps weights outside itself.
 * @returns absolute paths, sorted
 * @throws {UsageError} when the file is no ONNX model, or one of the files is missing
 */
export function externalDataFiles(graph: string): string[] {
  const locations = withGraph(graph, (source) => [...new Set(locationsIn(source))]);
  return locations.sort().map((location) => existing(join(dirname(graph), location), graph));
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
