import { parseArgs } from 'node:util';

/** Numbers given as flags, `--images 100`; the defaults name them all. */
export function numbersOf<T extends Record<string, number>>(
  argv: string[],
  defaults: T,
): Record<keyof T, number> {
  const options = Object.fromEntries(
    Object.keys(defaults).map((name) => [name, { type: 'string' as const }]),
  );
  const { values } = parseArgs({ args: argv, options });
  const numbers = Object.entries(defaults).map(([name, value]) => [name, Number(values[name] ?? value)]);
  return Object.fromEntries(numbers) as Record<keyof T, number>;
}
