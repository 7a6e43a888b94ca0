import type { Command } from 'commander';
import { scoreLabels } from '@tuhai/core/labels/score-labels';
import { embedLabels } from '@tuhai/core/labels/embed-labels';
import { registerLabelSet } from '@tuhai/core/store/label-sets';
import { labelStoredPage } from '@tuhai/core/store/label-stored';
import { findModel } from '@tuhai/core/store/register-model';
import { UsageError } from '@tuhai/core/usage-error';
import { openModel } from '../direct/open-model.js';
import { modelLine, modelOf } from '../model-line.js';
import { createProgress } from '../progress.js';
import { readLabelFile } from '../read-label-file.js';
import { openStack } from '../stack.js';
import { configOf, print, type Terminal } from '../terminal.js';

const pageSize = 1_000;

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
        const labels = await embedLabels(labelSet, await opened.textTower());
        const labelSetId = await registerLabelSet(stack.database, labelSet);
        const progress = createProgress(terminal.stderr, 'images');
        const score = (images: Float32Array) => scoreLabels({ images, labels, labelSet, ...bundle });
        let labelled = 0;
        let afterImageId = 0;
        while (!terminal.signal.aborted) {
          const page = { model, labelSetId, afterImageId, limit: pageSize, score };
          const done = await labelStoredPage(stack.database, page);
          if (!done) break;
          afterImageId = done.lastImageId;
          labelled += done.images;
          progress.update(labelled, labelled, '');
        }
        progress.stop();
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
