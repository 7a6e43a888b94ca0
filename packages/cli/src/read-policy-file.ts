import { readFile } from 'node:fs/promises';
import { parsePolicy, type Policy } from '@tuhai/core/moderation/policy';
import { UsageError } from '@tuhai/core/usage-error';

/** @throws {UsageError} naming file, line and column, or why the file cannot be read. */
export async function readPolicyFile(file: string): Promise<Policy> {
  const text = await readFile(file, 'utf8').catch((error: Error) => {
    throw new UsageError(`The policy file cannot be read: ${error.message}`, { cause: error });
  });
  return parsePolicy(text, file);
}
