import { CommanderError } from 'commander';
import { UsageError } from '@tuhai/core/usage-error';
import { createProgram } from './program.js';
import type { Terminal } from './terminal.js';

const interrupted = new AbortController();
const { env, stdin, stdout, stderr } = process;
const terminal: Terminal = { env, stdin, stdout, stderr, signal: interrupted.signal, exitCode: 0 };

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    // The second one means it.
    if (interrupted.signal.aborted) process.exit(1);
    interrupted.abort();
  });
}
// A reader that closes the pipe early, as `head` does, has seen enough.
stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

try {
  await createProgram(terminal).parseAsync();
  process.exitCode = terminal.exitCode;
} catch (error) {
  process.exitCode = report(error);
}

function report(error: unknown): number {
  // Commander has said it already.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof UsageError) {
    stderr.write(`tuhai: ${error.message}\n`);
    return 2;
  }
  stderr.write(
    `tuhai: ${error instanceof Error ? (env['LOG_LEVEL'] === 'debug' ? error.stack : error.message) : String(error)}\n`,
  );
  return 1;
}
