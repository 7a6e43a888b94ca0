import { stringify } from 'csv-stringify/sync';
import type { ExportContext, ExportedImage } from './exported-image.js';
import { joinLabels } from './label-list.js';
import { shortFloats } from './write-jsonl.js';

/**
 * RFC 4180: CRLF, quotes where needed, a header. One row an image with its best prediction in columns of its own; the
 * column `truth` is for people to fill in, and what `tuhai import --format csv` reads.
 */
export async function* writeCsv(
  pages: AsyncIterable<ExportedImage[]>,
  context: ExportContext,
): AsyncGenerator<string> {
  const options = { record_delimiter: '\r\n', escape_formulas: context.excel === true };
  const header = ['image_id', 'source', 'key', 'etag', 'size_bytes', 'width', 'height', 'format'];
  header.push('label', 'cosine', 'probability', 'predictions', 'truth');
  if (context.policy) header.push('action', 'reasons');
  if (context.vectors) header.push('embedding');
  yield (context.excel ? '\uFEFF' : '') + stringify([header], options);
  for await (const page of pages)
    yield stringify(
      page.map((image) => row(image, context)),
      options,
    );
}

function row(image: ExportedImage, context: ExportContext): unknown[] {
  const { imageId, source, key, etag, sizeBytes, width, height, format, predictions, truth } = image;
  const [best] = predictions;
  const cells: unknown[] = [imageId, source, key, etag, sizeBytes, width, height, format];
  cells.push(
    best?.label,
    best?.cosine,
    best?.probability,
    JSON.stringify(predictions),
    truth && joinLabels(truth),
  );
  if (context.policy) cells.push(image.decision?.action, JSON.stringify(image.decision?.reasons));
  if (image.embedding) cells.push(JSON.stringify(shortFloats(image.embedding)));
  return cells;
}
