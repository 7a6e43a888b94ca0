import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

export const repositoryRoot = join(import.meta.dirname, '..', '..');

/** The first executable file of this name: in the repository's Python environment, then on the PATH. */
export function findProgram(name: string): string | undefined {
  const folders = [join(repositoryRoot, '.venv', 'bin'), ...(process.env['PATH'] ?? '').split(delimiter)];
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
