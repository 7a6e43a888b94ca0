import type { Command } from 'commander';
import { openLabelScorer } from '@tuhai/core/labels/score-labels';
import { embedLabelsOnce } from '@tuhai/core/store/label-embeddings';
import { registerLabelSet } from '@tuhai/core/store/label-sets';
import { countUnlabelled, labelStored } from '@tuhai/core/store/label-stored';
import { findModel } from '@tuhai/core/store/register-model';
import { UsageError } from '@tuhai/core/usage-error';
import { openModel } from '../direct/open-model.js';
import { modelLine, modelOf } from '../model-line.js';
import { createProgress } from '../progress.js';
import { readLabelFile } from '../read-label-file.js';
import { openStack } from '../stack.js';
import { configOf, print, type Terminal } from '../terminal.js';

export function addLabelCommand(program: Command, terminal: Terminal): void {
  program
    .command('label')
    .description('apply a label set to all vectors already stored, without fetching an image')
    .argument('<file>', 'label file')
    .action(async (file: string, _options: object, command: Command) => {
      const labelSet = await readLabelFile(file);
      const config = configOf(command, terminal);
      const stack = await openStack(config);
      const opened = await openModel(stack.config.modelDir, config);
      try {
        const { bundle } = opened;
        const model = await findModel(stack.database, bundle.fingerprint);
        if (!model) throw new UsageError(`No image has been embedded with ${modelLine(bundle)} yet`);
        const embed = async (texts: readonly string[]) => (await opened.textTower()).embed(texts);
        const labels = await embedLabelsOnce(stack.database, { modelId: model.id, labelSet, embed });
        const labelSetId = await registerLabelSet(stack.database, labelSet);
        const scorer = await openLabelScorer({ labelSet, labels, model: bundle });
        const total = await countUnlabelled(stack.database, { model, labelSetId });
        const progress = createProgress(terminal.stderr, 'images');
        const startedMs = Date.now();
        let done = 0;
        const labelled = await labelStored(stack.database, {
          model,
          labelSetId,
          score: scorer.score,
          signal: terminal.signal,
          onLabelled: (images) => {
            done += images;
            const perSecond = done / Math.max(0.001, (Date.now() - startedMs) / 1000);
            progress.update(done, Math.max(done, total), `${Math.round(perSecond)}/s`);
          },
        }).finally(() => progress.stop());
        await scorer.release();
        const { name, version } = labelSet;
        const document = { model: modelOf(bundle), labelSet: { name, version }, labelled };
        print(command, terminal, document, () => [
          `${labelled} images labelled with ${name} ${version} (${labelSet.labels.length} labels) by ${modelLine(bundle)}`,
        ]);
      } finally {
        await opened.release();
        await stack.close();
      }
    });
}
