import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { configureSharp } from '@tuhai/core/image/configure-sharp';
import type { ItemFailure } from '@tuhai/core/item-failure';
import { parseLabelSet, type LabelSet } from '@tuhai/core/labels/label-set';
import type { RetrievalScores } from '@tuhai/core/labels/retrieval-metrics';
import { UsageError } from '@tuhai/core/usage-error';
import { evalClassification } from '../direct/eval-classification.js';
import { evalRetrieval } from '../direct/eval-retrieval.js';
import { openModel, type OpenModel } from '../direct/open-model.js';
import { modelLine, modelOf } from '../model-line.js';
import { readLabelFile } from '../read-label-file.js';
import { modelDirOf } from '../stack.js';
import { configOf, print, type Terminal } from '../terminal.js';

export function addEvalCommands(program: Command, terminal: Terminal): void {
  const group = program.command('eval').description("how good a model is, in Chinese-CLIP's file formats");
  group
    .command('classification')
    .description('top-k accuracy over a folder with a folder of images a class')
    .argument('<folder>', 'its folders are called by the label, or by its number in the list (000, 001, …)')
    .requiredOption('--labels <file>', 'label file, or a label_cn.txt with a label a line')
    .option('--templates <preset>', 'for a label_cn.txt', 'zh')
    .action(async (folder: string, options: { labels: string; templates: string }, command: Command) => {
      const labelSet = await readLabels(options.labels, options.templates);
      await withModel(command, terminal, async (model, how) => {
        const report = await evalClassification(model, folder, labelSet, how);
        print(command, terminal, { model: modelOf(model.bundle), ...report }, () => [
          `${report.images} images of ${report.classes} classes, ${labelSet.labels.length} labels, ${modelLine(model.bundle)}`,
          `top-1 ${percent(report.top1)}  top-5 ${percent(report.top5)}  mean per class ${percent(report.meanPerClass)}`,
        ]);
      });
    });
  group
    .command('retrieval')
    .description('Recall@k, mean recall and mAP, text to image and image to text')
    .requiredOption('--texts <file>', 'JSON lines {text_id, text, image_ids}')
    .requiredOption('--images <folder>', 'images called by their ids')
    .action((paths: { texts: string; images: string }, command: Command) =>
      withModel(command, terminal, async (model, how) => {
        const report = await evalRetrieval(model, paths, how);
        print(command, terminal, { model: modelOf(model.bundle), ...report }, () => [
          `${report.images} images, ${report.texts} texts, ${modelLine(model.bundle)}`,
          `text → image  ${describe(report.textToImage)}`,
          `image → text  ${describe(report.imageToText)}`,
        ]);
      }),
    );
}

interface How {
  limits: ReturnType<typeof configOf>['limits'];
  onFailure: (key: string, failure: ItemFailure) => void;
}

async function withModel(
  command: Command,
  terminal: Terminal,
  work: (model: OpenModel, how: How) => Promise<void>,
): Promise<void> {
  const config = configOf(command, terminal);
  configureSharp();
  const model = await openModel(modelDirOf(config), config);
  const onFailure: How['onFailure'] = (key, { code, message }) => {
    terminal.stderr.write(`${key}: ${code}: ${message}\n`);
    terminal.exitCode = 3;
  };
  try {
    await work(model, { limits: config.limits, onFailure });
  } finally {
    await model.release();
  }
}

/** A `label_cn.txt` has a label a line; its number is the line's. */
async function readLabels(file: string, templates: string): Promise<LabelSet> {
  if (!file.endsWith('.txt')) return readLabelFile(file);
  const text = await readFile(file, 'utf8').catch((error: Error) => {
    throw new UsageError(`The labels cannot be read: ${error.message}`, { cause: error });
  });
  const labels = text.split(/\r?\n/).map((line) => line.trim());
  while (labels.at(-1) === '') labels.pop();
  return parseLabelSet(JSON.stringify({ name: file, templates, labels }, undefined, 1), file);
}

const percent = (value: number): string => `${(100 * value).toFixed(1)} %`;

const describe = (scores: RetrievalScores): string =>
  `R@1 ${percent(scores.recallAt1)}  R@5 ${percent(scores.recallAt5)}  R@10 ${percent(scores.recallAt10)}  MR ${percent(scores.meanRecall)}  mAP ${percent(scores.meanAveragePrecision)}`;
