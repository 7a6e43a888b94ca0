import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ExecutionContext } from 'ava';
import { findProgram, repositoryRoot } from '../rig/find-program.js';

const execute = promisify(execFile);

/** Runs Python with what needs these modules, and answers with the JSON that it prints; undefined, and said so, without them. */
export async function pythonJson<T>(
  t: ExecutionContext,
  modules: string,
  args: readonly string[],
): Promise<T | undefined> {
  const python = findProgram('python3') ?? 'python3';
  const home = process.env['HOME'] ?? '';
  const options = {
    cwd: repositoryRoot,
    timeout: 120_000,
    maxBuffer: 1 << 26,
    env: { PATH: process.env['PATH'], HOME: home },
  };
  try {
    await execute(python, ['-c', `import ${modules}`], options);
  } catch {
    t.pass();
    t.log(`skipped: needs Python with ${modules} (.venv/bin/pip install …)`);
    return undefined;
  }
  const { stdout } = await execute(python, args, options);
  return JSON.parse(stdout.trim().split('\n').at(-1) as string) as T;
}

export const script = (name: string): string => join(repositoryRoot, 'test', 'export', name);
