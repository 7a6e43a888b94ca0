import { cpus, totalmem } from 'node:os';
import core from '../packages/core/package.json' with { type: 'json' };

/** Where a figure comes from. */
export function machine() {
  return {
    cores: cpus().length,
    cpu: cpus()[0]?.model ?? 'unknown',
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    onnxruntime: core.dependencies['onnxruntime-node'],
    sharp: core.dependencies.sharp,
    date: new Date().toISOString().slice(0, 16),
  };
}

/**
 * Prints what a benchmark found: a table for people, then one line of JSON that holds all of it and the machine.
 * @param result.conditions what was measured on what; stands above the table
 * @param result.ratio the figure that matters, in words
 */
export function report(
  part: string,
  result: { conditions: string; table: object[]; ratio: string; details: object },
): void {
  const { conditions, table, ratio, details } = result;
  const here = machine();
  process.stdout.write(`${part}: ${conditions}; ${here.cores} × ${here.cpu}; Node ${here.node}\n`);
  console.table(
    Object.fromEntries(
      table
        .map((row) => Object.entries(row))
        .map(([first, ...rest]) => [first?.[1], Object.fromEntries(rest)]),
    ),
  );
  process.stdout.write(
    `${ratio}\n${JSON.stringify({ part, conditions, ratio, machine: here, ...details })}\n`,
  );
}
