import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { exportFormat, exportFormatNames, type ExportFormatName } from '@tuhai/core/export/formats';
import { openExport, type Export } from '@tuhai/core/export/open-export';
import { writeWholeFiles, type Files } from '@tuhai/core/export/write-whole-files';
import { UsageError } from '@tuhai/core/usage-error';
import { Option, type Command } from 'commander';
import { createProgress } from '../progress.js';
import { configOf, print, type Terminal } from '../terminal.js';
import { withStoredModel } from '../with-stored-model.js';

interface Options {
  format: ExportFormatName;
  out?: string;
  labels?: string;
  policy?: string;
  vectors?: true;
  source?: string;
  prefix?: string;
  imageUrl?: string;
  excel?: true;
}

export function addExportCommand(program: Command, terminal: Terminal): void {
  program
    .command('export')
    .description('write all images of a model with their predictions, to stdout or a file')
    .addOption(
      new Option('--format <format>', 'of the file').choices(exportFormatNames).makeOptionMandatory(),
    )
    .option('--out <file>', 'file, or folder for fiftyone (default: stdout)')
    .option('--labels <name>', 'label set whose predictions to write; needed where there are several')
    .option('--policy <name>', 'policy whose decisions to write too')
    .option('--vectors', 'write the embeddings too')
    .option('--source <uri>', 'only images of this source')
    .option('--prefix <prefix>', 'only keys that start so')
    .option(
      '--image-url <template>',
      'where a label tool finds an image, with {id} or {key} (default: s3://… or a path)',
    )
    .option('--excel', 'of csv: with a byte order mark, and formulas made harmless')
    .action(async (options: Options, command: Command) => {
      const { out, format } = options;
      if (out === undefined && exportFormat(format).folder)
        throw new UsageError(`--format ${format} makes a folder: name it with --out`);
      await withStoredModel(configOf(command, terminal), async ({ database, model }) => {
        const started = await openExport(database, { ...options, model, urlTemplate: options.imageUrl });
        if (out === undefined) return toStdout(started, terminal);
        const files = filesOf(started, format, out);
        await toFiles(files, started, terminal);
        const written = files.map(({ path }) => path);
        print(command, terminal, { files: written, images: started.images() }, () => [
          `${started.images()} images in ${written.join(', ')}`,
        ]);
      });
    });
}

async function toStdout(started: Export, { stdout, signal }: Terminal): Promise<void> {
  await pipeline(Readable.from(started.chunks(), { objectMode: true }), stdout, { signal, end: false });
}

function filesOf(started: Export, name: ExportFormatName, out: string): Files {
  const { folder, companion, extension } = exportFormat(name);
  if (!companion) return [{ path: out, content: started.chunks() }];
  const stem = out.endsWith(extension) ? out.slice(0, -extension.length) : out;
  return [
    { path: folder ? join(out, folder.main) : out, content: started.chunks() },
    {
      path: folder ? join(out, folder.companion) : `${stem}${companion.extension}`,
      content: companion.write(started.context),
    },
  ];
}

async function toFiles(files: Files, started: Export, terminal: Terminal): Promise<void> {
  const progress = createProgress(terminal.stderr, 'images');
  const timer = setInterval(() => progress.update(started.images(), started.images(), ''), 500);
  try {
    await writeWholeFiles(files, terminal.signal);
  } catch (error) {
    if (!terminal.signal.aborted) throw error;
    throw new Error(`Interrupted: nothing was written to ${files.map(({ path }) => path).join(', ')}`, {
      cause: error,
    });
  } finally {
    clearInterval(timer);
    progress.stop();
  }
}
