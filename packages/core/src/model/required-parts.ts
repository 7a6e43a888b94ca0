import { readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { UsageError } from '../usage-error.js';

/** What a bundle must hold, and what lies in a folder that somebody took for one. Paths are relative to the folder. */
interface Part {
  what: string;
  isThere: (paths: readonly string[]) => boolean;
  /** Whose name tells why the part is missing, and what to do. */
  instead: { pattern: RegExp; advice: (found: string) => string }[];
}

const has =
  (...names: string[]) =>
  (paths: readonly string[]): boolean =>
    names.some((name) => paths.includes(name));
const elsewhere = (name: string): Part['instead'][number] => ({
  pattern: new RegExp(`/${name.replaceAll('.', '\\.')}$`),
  advice: (found) => `there is one in ${dirname(found)}`,
});

const parts: readonly Part[] = [
  {
    what: 'config.json',
    isThere: has('config.json'),
    instead: [
      elsewhere('config.json'),
      {
        pattern: /\.(img|txt)\.fp(16|32)\.onnx$/,
        advice: (found) =>
          `there is ${found} of Chinese-CLIP's own export, which takes one picture at a time: export the checkpoint with tools/export`,
      },
    ],
  },
  {
    what: 'preprocessor_config.json',
    isThere: has('preprocessor_config.json', 'processor_config.json'),
    instead: [elsewhere('preprocessor_config.json')],
  },
  {
    what: 'tokenizer.json',
    isThere: has('tokenizer.json'),
    instead: [
      elsewhere('tokenizer.json'),
      {
        pattern: /(^|\/)(vocab\.txt|vocab\.json|.*\.model)$/,
        advice: (found) => `there is ${found}, out of which tools/export makes one`,
      },
    ],
  },
  {
    what: 'ONNX graphs',
    isThere: (paths) => paths.some((path) => /^(onnx\/)?[^/]+\.onnx$/.test(path)),
    instead: [
      {
        pattern: /\.onnx$/,
        advice: (found) => `there is ${found}, but they belong into onnx/ or beside config.json`,
      },
      {
        pattern: /\.(safetensors|bin|pt)$/,
        advice: (found) => `there is ${found}, a PyTorch checkpoint: export it with tools/export first`,
      },
    ],
  },
];

/**
 * Makes sure that a folder has the parts of a bundle.
 * @throws {UsageError} that lists all that is missing, and what was found instead
 */
export async function requireParts(folder: string): Promise<void> {
  const paths = await listTwoLevels(folder);
  const missing = parts.filter(({ isThere }) => !isThere(paths));
  if (missing.length === 0) return;
  const lines = missing.map(({ what, instead }) => {
    const found = instead.flatMap(({ pattern, advice }) => {
      const path = paths.find((one) => pattern.test(one));
      return path ? [advice(path)] : [];
    });
    return `no ${what}${found.length > 0 ? `: ${found[0]}` : ''}`;
  });
  const verdict = paths.length === 0 ? 'the folder is empty' : lines.join('\n  ');
  throw new UsageError(`${folder} is no model bundle:\n  ${verdict}`);
}

/** A folder's files and those of its folders, so that a large tree costs no more than a small one. */
async function listTwoLevels(folder: string): Promise<string[]> {
  const kind = await stat(folder).catch(() => undefined);
  if (!kind) throw new UsageError(`${folder}: no such model folder`);
  if (!kind.isDirectory()) throw new UsageError(`${folder} is a file; a model bundle is a folder`);
  const entries = await readdir(folder, { withFileTypes: true });
  const within = await Promise.all(
    entries
      .filter((entry) => !entry.isFile())
      .slice(0, 100)
      .map(async ({ name }) =>
        (await readdir(join(folder, name)).catch(() => [])).map((child) => `${name}/${child}`),
      ),
  );
  return [...entries.map(({ name }) => name), ...within.flat()].sort();
}
