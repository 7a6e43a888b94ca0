import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { findProgram, repositoryRoot } from '../rig/find-program.js';

/** Something is missing that a command can bring; the message names it. */
export class MissingPython extends Error {
  override name = 'MissingPython';
}

/** Runs a script of tools/. */
export type Python = (script: string, ...args: readonly string[]) => Promise<void>;

const install = 'python3 -m venv .venv && .venv/bin/pip install -r tools/requirements.txt';

/** @throws {MissingPython} */
export async function findPython(): Promise<Python> {
  const python = findProgram('python') ?? findProgram('python3');
  if (!python) throw new MissingPython(`There is no python. Python 3.11, then: ${install}`);
  const packages = 'import onnx, onnxruntime, onnxscript, torch, transformers, PIL';
  const probe = await run(python, ['-c', packages]);
  if (probe.code !== 0) {
    const reason = probe.stderr.trim().split('\n').at(-1);
    throw new MissingPython(`${python} lacks packages of the reference (${reason}): ${install}`);
  }
  return async (script, ...args) => {
    const { code, stderr } = await run(python, [join(repositoryRoot, 'tools', script), ...args]);
    if (code !== 0) throw new Error(`${script} ended with ${code}: ${stderr.trim().slice(-2_000)}`);
  };
}

async function run(program: string, args: readonly string[]): Promise<{ code: number; stderr: string }> {
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code: code ?? -1, stderr };
}
