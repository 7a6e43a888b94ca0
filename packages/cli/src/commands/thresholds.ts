import { readFile, writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { parse } from 'csv-parse/sync';
import type { LabelSet } from '@tuhai/core/labels/label-set';
import type { Target } from '@tuhai/core/labels/precision-recall';
import { tuneLabelSet, type Tuned } from '@tuhai/core/labels/tune-label-set';
import { writeThresholds } from '@tuhai/core/labels/write-thresholds';
import { embedLabelsOnce } from '@tuhai/core/store/label-embeddings';
import { findModel } from '@tuhai/core/store/register-model';
import { reviewedVectors, vectorsOfKeys } from '@tuhai/core/store/reviewed-vectors';
import { UsageError } from '@tuhai/core/usage-error';
import { openModel } from '../direct/open-model.js';
import { modelLine, modelOf } from '../model-line.js';
import { readLabelFile } from '../read-label-file.js';
import { openStack } from '../stack.js';
import { configOf, print, type Terminal } from '../terminal.js';

interface Options {
  truth?: string;
  precisionMin?: number;
  recallMin?: number;
  write?: boolean;
}

export function addThresholdsCommand(program: Command, terminal: Terminal): void {
  program
    .command('thresholds')
    .description("a label file's thresholds and temperature, from images that people have looked at")
    .argument('<file>', 'label file')
    .option('--truth <file>', 'CSV with columns key and label, a row a label (default: the stored reviews)')
    .option('--precision-min <p>', 'wanted of each label, from 0 to 1 (default: 0.95)', share)
    .option('--recall-min <p>', 'wanted of each label instead, from 0 to 1', share)
    .option('--write', 'into the label file')
    .action(async (file: string, options: Options, command: Command) => {
      if (options.precisionMin !== undefined && options.recallMin !== undefined)
        throw new UsageError('Give --precision-min or --recall-min: one follows from the other');
      const target: Target =
        options.recallMin === undefined
          ? { precision: options.precisionMin ?? 0.95 }
          : { recall: options.recallMin };
      const labelSet = await readLabelFile(file);
      const truth = options.truth === undefined ? undefined : await readTruth(options.truth, labelSet);
      const config = configOf(command, terminal);
      const stack = await openStack(config);
      const opened = await openModel(stack.config.modelDir, config);
      try {
        const { bundle } = opened;
        const model = await findModel(stack.database, bundle.fingerprint);
        if (!model) throw new UsageError(`No image has been embedded with ${modelLine(bundle)} yet`);
        const { reviewed, images } = truth
          ? await vectorsOfKeys(stack.database, model, truth)
          : await reviewedVectors(stack.database, model, labelSet.name);
        if (reviewed.length === 0)
          throw new UsageError(
            truth
              ? `No stored image has a key of ${options.truth}`
              : `No image has been reviewed under ${labelSet.name}: give --truth FILE`,
          );
        const embed = async (texts: readonly string[]) => (await opened.textTower()).embed(texts);
        const labels = await embedLabelsOnce(stack.database, { modelId: model.id, labelSet, embed });
        const tuned = await tuneLabelSet(reviewed, { labelSet, labels, images, model: bundle, target });
        if (options.write)
          await writeFile(file, writeThresholds(await readFile(file, 'utf8'), changesOf(tuned)));
        print(command, terminal, { model: modelOf(bundle), target, ...tuned }, () => describe(tuned));
      } finally {
        await opened.release();
        await stack.close();
      }
    });
}

function changesOf({ temperature, labels }: Tuned): { temperature: number; thresholds: Map<string, number> } {
  const found = labels.flatMap(({ label, threshold }) =>
    threshold === null ? [] : [[label, threshold] as const],
  );
  return { temperature, thresholds: new Map(found) };
}

function describe({ chosenBy, heldOut, temperature, calibrationError, labels }: Tuned): string[] {
  const { before, after } = calibrationError;
  return [
    `${chosenBy} images to choose by, ${heldOut} held out to judge by`,
    `temperature ${temperature}: calibration error ${before.toFixed(4)} → ${after.toFixed(4)}`,
    ...labels.map(
      ({ label, threshold, precision, recall, positives }) =>
        `${label}  ${threshold === null ? 'no threshold reaches it' : `≥ ${threshold}`}  precision ${shown(precision)}  recall ${shown(recall)}  of ${positives}`,
    ),
  ];
}

const shown = (value: number | undefined): string => (value === undefined ? '-' : value.toFixed(3));

function share(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= 0 && value <= 1) return value;
  throw new UsageError(`"${text}" must be a number from 0 to 1`);
}

/** Labels by key; a row without a label says that the image bears none. */
async function readTruth(file: string, labelSet: LabelSet): Promise<Map<string, string[]>> {
  const text = await readFile(file, 'utf8').catch((error: Error) => {
    throw new UsageError(`The truth cannot be read: ${error.message}`, { cause: error });
  });
  let rows: Record<string, string>[];
  try {
    rows = parse(text, { columns: true, bom: true, skip_empty_lines: true });
  } catch (error) {
    throw new UsageError(`${file}: ${(error as Error).message}`, { cause: error });
  }
  const known = new Set(labelSet.labels.map(({ name }) => name));
  const labelsOfKey = new Map<string, string[]>();
  rows.forEach(({ key, label }, i) => {
    if (key === undefined || label === undefined)
      throw new UsageError(`${file}: there must be columns key and label`);
    if (label !== '' && label !== labelSet.none?.name && !known.has(label))
      throw new UsageError(`${file}: row ${i + 1}: ${labelSet.name} has no label "${label}"`);
    const labels = labelsOfKey.get(key) ?? [];
    if (known.has(label)) labels.push(label);
    labelsOfKey.set(key, labels);
  });
  return labelsOfKey;
}
