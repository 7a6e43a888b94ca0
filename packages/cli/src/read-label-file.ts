import { readFile } from 'node:fs/promises';
import { parseLabelSet, type LabelSet } from '@tuhai/core/labels/label-set';
import { UsageError } from '@tuhai/core/usage-error';

/** @throws {UsageError} naming file, line and column, or why the file cannot be read. */
export async function readLabelFile(file: string): Promise<LabelSet> {
  const text = await readFile(file, 'utf8').catch((error: Error) => {
    throw new UsageError(`The label file cannot be read: ${error.message}`, { cause: error });
  });
  return parseLabelSet(text, file);
}
