import type { ExportContext, ExportedImage } from './exported-image.js';
import { writeCsv } from './write-csv.js';
import { fiftyoneMetadata, writeFiftyoneSamples } from './write-fiftyone.js';
import { writeJsonl } from './write-jsonl.js';
import { writeRekognition } from './write-rekognition.js';
import { labelStudioConfig, writeLabelStudio } from './write-label-studio.js';

type Chunks = AsyncIterable<string | Uint8Array>;

export interface ExportFormat {
  contentType: string;
  extension: string;
  /** Of pages of images; holds no more than a page, or a row group, in memory. */
  write(pages: AsyncIterable<ExportedImage[]>, context: ExportContext): Chunks;
  /** A second file that belongs to the export. */
  companion?: { name: string; extension: string; contentType: string; write(context: ExportContext): string };
  /** A folder with both files under these names, rather than two files side by side. */
  folder?: { main: string; companion: string };
}

export const exportFormats = {
  jsonl: { contentType: 'application/x-ndjson', extension: '.jsonl', write: writeJsonl },
  csv: { contentType: 'text/csv; charset=utf-8', extension: '.csv', write: writeCsv },
  parquet: {
    contentType: 'application/vnd.apache.parquet',
    extension: '.parquet',
    async *write(pages, context) {
      const { writeParquet } = await import('./write-parquet.js');
      yield* writeParquet(pages, context);
    },
  },
  rekognition: { contentType: 'application/x-ndjson', extension: '.jsonl', write: writeRekognition },
  'label-studio': {
    contentType: 'application/json',
    extension: '.json',
    write: writeLabelStudio,
    companion: {
      name: 'config',
      extension: '.config.xml',
      contentType: 'application/xml',
      write: labelStudioConfig,
    },
  },
  fiftyone: {
    contentType: 'application/json',
    extension: '.json',
    write: writeFiftyoneSamples,
    companion: {
      name: 'metadata',
      extension: '.metadata.json',
      contentType: 'application/json',
      write: fiftyoneMetadata,
    },
    folder: { main: 'samples.json', companion: 'metadata.json' },
  },
} as const satisfies Record<string, ExportFormat>;

export type ExportFormatName = keyof typeof exportFormats;
export const exportFormatNames = Object.keys(exportFormats) as ExportFormatName[];
export const exportFormat = (name: ExportFormatName): ExportFormat => exportFormats[name];

/** Of the files and their companions, each once. */
export const exportContentTypes: readonly string[] = [
  ...new Set(
    exportFormatNames.flatMap((name) => {
      const { contentType, companion } = exportFormat(name);
      return companion ? [contentType, companion.contentType] : [contentType];
    }),
  ),
];
