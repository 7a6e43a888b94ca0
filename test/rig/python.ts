import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ExecutionContext } from 'ava';
import { findProgram, repositoryRoot } from './find-program.js';

/** Runs a script of tools/ and answers with what it printed. */
export type RunTool = (script: string, ...args: string[]) => Promise<string>;

const execute = promisify(execFile);
const timeoutMs = 240_000;

/** A Python that has what tools/requirements.txt names; undefined, and said so, where there is none. */
export async function toolsPython(t: ExecutionContext): Promise<RunTool | undefined> {
  const python = findProgram('python') ?? findProgram('python3') ?? 'python3';
  const run = async (args: string[]): Promise<string> =>
    (await execute(python, args, { cwd: repositoryRoot, timeout: timeoutMs, maxBuffer: 1 << 26 })).stdout;
  try {
    await run(['-c', 'import onnx, onnxruntime, onnxscript, torch, transformers']);
  } catch {
    t.pass();
    t.log(
      'skipped: needs Python with tools/requirements.txt: .venv/bin/pip install -r tools/requirements.txt',
    );
    return undefined;
  }
  return (script, ...args) => run([join(repositoryRoot, 'tools', script), ...args]);
}
