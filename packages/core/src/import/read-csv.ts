import { parse } from 'csv-parse';
import type { Readable } from 'node:stream';
import { splitLabels } from '../export/label-list.js';
import { UsageError } from '../usage-error.js';
import type { ImportedReview, ImportProblem } from './imported-review.js';

/**
 * Rows of a CSV with the columns `key` and `truth`, and if there are such, `source`, `etag`, `reviewer`, `comment`; as
 * `tuhai export --format csv` makes it. A row whose `truth` is empty says nothing; `[]` says that no label fits.
 * @throws {UsageError} with the line for a file that is no such CSV
 */
export async function* readCsvReviews(file: Readable): AsyncGenerator<ImportedReview | ImportProblem> {
  const rows = file.pipe(parse({ columns: checkHeader, bom: true, info: true, skip_empty_lines: true }));
  file.on('error', (error) => rows.destroy(error));
  try {
    for await (const { record, info } of rows as AsyncIterable<{
      record: Record<string, string>;
      info: { lines: number };
    }>) {
      const review = toReview(record, info.lines);
      if (review) yield review;
    }
  } catch (error) {
    const { code, message } = error as Error & { code?: string };
    throw code?.startsWith('CSV_') ? new UsageError(message, { cause: error }) : error;
  }
}

function checkHeader(header: string[]): string[] {
  const missing = ['key', 'truth'].filter((column) => !header.includes(column));
  if (missing.length > 0)
    throw new UsageError(`line 1: the columns key and truth are needed; there is no ${missing.join(', ')}`);
  return header;
}

function toReview(record: Record<string, string>, line: number): ImportedReview | ImportProblem | undefined {
  const cell = (name: string) => record[name]?.replace(/^'(?=[=+\-@])/, '') || undefined;
  const [key, truth] = [cell('key'), cell('truth')?.trim()];
  if (!truth) return undefined;
  if (!key) return { line, message: 'the row has no key' };
  const labels = splitLabels(truth);
  if (!labels) return { line, message: `truth "${truth}" is no list of labels` };
  const optional = (['source', 'etag', 'reviewer', 'comment'] as const).flatMap((name) => {
    const value = cell(name);
    return value === undefined ? [] : [[name, value]];
  });
  return { line, key, labels, ...Object.fromEntries(optional) };
}
