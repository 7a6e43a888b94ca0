import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { configureSharp } from '@tuhai/core/image/configure-sharp';
import { repositoryRoot } from '../rig/find-program.js';
import { compareModel, type Mode, type Row } from './compare-model.js';
import { materialFor } from './material.js';
import { modelsToCompare, type Model } from './models.js';
import { prepare } from './prepare.js';
import { findPython, MissingPython, type Python } from './python.js';
import { readReferenceValues } from './read-reference.js';
import { fidelityTable } from './table.js';
import { brokenPromises } from './thresholds.js';
import { compareTokens } from './tokens.js';

const usage = `Compares token ids, pixels, embeddings and logits with those of Hugging Face transformers.

  npm run fidelity -- [--json] [--all] [--only NAME]

  --json       one JSON document on stdout
  --all        every picture, also for the models of real size
  --only NAME  models whose name contains NAME; may be repeated

Exits with 1 when a figure is below what docs/fidelity.md promises, 2 when something is missing.
`;

const { values: options } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    all: { type: 'boolean', default: false },
    only: { type: 'string', multiple: true, default: [] },
    help: { type: 'boolean', default: false },
  },
});
const data = process.env['TUHAI_TEST_DATA'] ?? join(repositoryRoot, '..', 'shared', 'data');
const cache = join(repositoryRoot, '.cache', 'fidelity');
const started = performance.now();
const say = (text: string): unknown =>
  process.stderr.write(`${((performance.now() - started) / 1000).toFixed(0).padStart(4)} s  ${text}\n`);

async function rowsOf(model: Model, python: Python): Promise<Row[]> {
  const prepared = await prepare(model, cache, python, (what) => say(`${model.name}: ${what}`));
  const material = await materialFor(model, data, options.all);
  const out = join(cache, 'reference');
  await mkdir(prepared.folder, { recursive: true });
  const inputs = join(prepared.folder, 'inputs.json');
  await writeFile(inputs, JSON.stringify(material));
  say(
    `${model.name}: ${material.pictures.length} pictures and ${material.texts.length} texts in transformers`,
  );
  await python('fidelity/reference.py', prepared.reference, inputs, out);
  const reference = await readReferenceValues(out, material.pictures.length);
  await rm(out, { recursive: true });
  const rows: Row[] = [];
  for (const variant of 'graphs' in model.kind ? (['fp32'] as const) : (['fp32', 'fp16', 'int8'] as const)) {
    say(`${model.name}: the same in Tuhai, ${variant}`);
    // What decoding costs does not depend on the variant.
    const modes: Mode[] = variant === 'fp32' ? ['decoded', 'files', 'files, fast'] : ['decoded'];
    const about = { model: model.name, trained: model.trained, variant };
    rows.push(...(await compareModel(about, prepared.bundle, material, reference, modes)));
  }
  return rows;
}

async function main(): Promise<number> {
  if (options.help) {
    process.stdout.write(usage);
    return 0;
  }
  configureSharp();
  const python = await findPython();
  const chosen = modelsToCompare(data).filter(
    ({ name }) => options.only.length === 0 || options.only.some((part) => name.includes(part)),
  );
  say('token ids');
  const tokens = await compareTokens(data);
  const rows: Row[] = [];
  for (const model of chosen) rows.push(...(await rowsOf(model, python)));
  const broken = brokenPromises(rows, tokens);
  if (options.json) process.stdout.write(`${JSON.stringify({ tokens, rows, broken }, null, 2)}\n`);
  else process.stdout.write(`${fidelityTable(rows, tokens)}\n\n`);
  for (const promise of broken) process.stderr.write(`BROKEN  ${promise}\n`);
  say(broken.length === 0 ? 'every promise is kept' : `${broken.length} promises are broken`);
  return broken.length === 0 ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof MissingPython)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
}
