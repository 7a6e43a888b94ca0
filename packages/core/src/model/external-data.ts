import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** Files beside the graphs that hold their weights, by name: `model.onnx_data`, `model.onnx.data`, `model.onnx_data_1`. */
export async function externalDataFiles(graphs: readonly string[]): Promise<string[]> {
  const found = await Promise.all(
    graphs.map(async (graph) => {
      const names = await readdir(dirname(graph));
      const beginnings = [`${basename(graph)}_data`, `${basename(graph)}.data`];
      return names
        .filter((name) => beginnings.some((start) => name.startsWith(start)))
        .map((name) => join(dirname(graph), name));
    }),
  );
  return [...new Set(found.flat())].sort();
}
