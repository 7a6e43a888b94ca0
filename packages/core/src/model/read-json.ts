import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { UsageError } from '../usage-error.js';

export type JsonObject = Readonly<Record<string, unknown>>;

/**
 * A JSON object from a file; undefined where there is no such file.
 * @throws {UsageError} when the file cannot be read or holds something else
 */
export async function readJson(path: string): Promise<JsonObject | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new UsageError(`${path}: ${(error as Error).message}`, { cause: error });
  }
  const value = parse(text, path);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new UsageError(`${path}: ${basename(path)} must hold a JSON object`);
  }
  return value as JsonObject;
}

function parse(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UsageError(`${path}: no JSON: ${(error as Error).message}`, { cause: error });
  }
}
