import { CsvError, parse } from 'csv-parse';
import { Readable } from 'node:stream';
import { UsageError } from '../usage-error.js';
import type { ManifestColumns } from './manifest-columns.js';
import type { ManifestLine } from './manifest-line.js';

const lineCharactersMax = 64 * 1024;

export const manifestFormats = ['.txt', '.csv', '.jsonl'] as const;
export type ManifestFormat = (typeof manifestFormats)[number];

/** The manifest format that a name ends in, if any. */
export function manifestFormat(name: string): ManifestFormat | undefined {
  return manifestFormats.find((format) => name.toLowerCase().endsWith(format));
}

/**
 * The objects that a manifest names, in its order, as its bytes stream by: one key a line (.txt), a table with a header
 * line (.csv), or one JSON object a line (.jsonl). UTF-8, with or without byte order mark. Empty lines are passed over.
 * @param name for messages: a malformed line is named as `name:line`
 * @throws {UsageError} for a malformed line, a missing column, or bytes that are not UTF-8
 */
export function readManifest(
  bytes: AsyncIterable<Uint8Array>,
  options: { name: string; format: ManifestFormat; columns: ManifestColumns },
): AsyncGenerator<ManifestLine> {
  return readers[options.format](decoded(bytes, options.name), options);
}

interface ReaderOptions {
  name: string;
  columns: ManifestColumns;
}
type Reader = (text: AsyncIterable<string>, options: ReaderOptions) => AsyncGenerator<ManifestLine>;

const readers: Record<ManifestFormat, Reader> = {
  async *'.txt'(text, { name }) {
    for await (const { line, content } of linesOf(text, name)) {
      const place = `${name}:${line}`;
      yield { line, key: checkedKey(content, place), etag: undefined, sizeBytes: undefined };
    }
  },
  async *'.jsonl'(text, { name, columns }) {
    for await (const { line, content } of linesOf(text, name)) {
      yield manifestLine(parsedObject(content, `${name}:${line}`), { line, name, columns });
    }
  },
  async *'.csv'(text, { name, columns }) {
    const parser = parse({
      columns: (header: string[]) => checkedHeader(header, { name, columns }),
      info: true,
      skip_empty_lines: true,
      max_record_size: lineCharactersMax,
    });
    const source = Readable.from(text);
    source.once('error', (error) => parser.destroy(error));
    try {
      const records: AsyncIterable<CsvRecord> = source.pipe(parser);
      for await (const { record, info } of records) {
        yield manifestLine(record, { line: info.lines, name, columns });
      }
    } catch (error) {
      if (!(error instanceof CsvError)) throw error;
      throw new UsageError(`${name}:${String(error['lines'] ?? 1)}: ${error.message}`, { cause: error });
    } finally {
      source.destroy();
    }
  },
};

interface CsvRecord {
  record: Record<string, string>;
  info: { lines: number };
}

function checkedHeader(header: string[], { name, columns }: ReaderOptions): string[] {
  if (header.includes(columns.key)) return header;
  throw new UsageError(
    `${name}:1: there is no column "${columns.key}"; the columns are ${header.join(', ')}`,
  );
}

function parsedObject(content: string, place: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch (error) {
    throw new UsageError(`${place}: this is not JSON: ${String(error)}`, { cause: error });
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  throw new UsageError(`${place}: a JSON object is expected`);
}

function manifestLine(
  fields: Record<string, unknown>,
  { line, name, columns }: ReaderOptions & { line: number },
): ManifestLine {
  const place = `${name}:${line}`;
  const key = fields[columns.key];
  if (typeof key !== 'string') throw new UsageError(`${place}: there is no text in field "${columns.key}"`);
  const etag = fields[columns.etag];
  return {
    line,
    key: checkedKey(key, place),
    etag: typeof etag === 'string' && etag !== '' ? etag.replaceAll('"', '') : undefined,
    sizeBytes: checkedSize(fields[columns.size], place),
  };
}

/** Postgres stores neither NUL nor half a surrogate pair in a text. */
function checkedKey(key: string, place: string): string {
  if (key.trim() === '') throw new UsageError(`${place}: the key is empty`);
  if (key.includes('\0') || /\p{Surrogate}/u.test(key)) {
    throw new UsageError(`${place}: the key is not text: ${JSON.stringify(key.slice(0, 80))}`);
  }
  return key;
}

function checkedSize(size: unknown, place: string): number | undefined {
  if (size === undefined || size === null || size === '') return undefined;
  const sizeBytes = Number(size);
  if (Number.isSafeInteger(sizeBytes) && sizeBytes >= 0) return sizeBytes;
  throw new UsageError(`${place}: ${JSON.stringify(size)} is not a size in bytes`);
}

/** Lines that are not empty, without their ends, numbered from 1. */
async function* linesOf(
  text: AsyncIterable<string>,
  name: string,
): AsyncGenerator<{ line: number; content: string }> {
  let line = 0;
  let rest = '';
  for await (const chunk of text) {
    const contents = (rest + chunk).split('\n');
    rest = contents.pop() ?? '';
    for (const content of contents) {
      line++;
      if (content.trim() !== '') yield { line, content: content.replace(/\r$/, '') };
    }
    if (rest.length > lineCharactersMax) throw new UsageError(`${name}:${line + 1}: the line is too long`);
  }
  if (rest.trim() !== '') yield { line: line + 1, content: rest.replace(/\r$/, '') };
}

async function* decoded(bytes: AsyncIterable<Uint8Array>, name: string): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  try {
    for await (const chunk of bytes) yield decoder.decode(chunk, { stream: true });
    yield decoder.decode();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new UsageError(`${name} is not UTF-8 text. Save it as UTF-8.`, { cause: error });
  }
}
