import { ByteWriter, ParquetWriter, type SchemaElement } from 'hyparquet-writer';
import { imageAddress } from './image-url.js';
import type { ExportContext, ExportedImage } from './exported-image.js';

/** Rows of a row group, which is in memory as a whole: with vectors of 512 floats some 4 MB, encoded. */
const rowGroupSize = { withVectors: 2_000, without: 10_000 };

interface Column {
  name: string;
  elements: SchemaElement[];
  /** Undefined: null. */
  value: (image: ExportedImage) => unknown;
  /** Floats of a vector do not compress. */
  raw?: true;
}

/** Parquet in row groups, each given out as soon as it is full. Vectors are `list<float>`. */
export async function* writeParquet(
  pages: AsyncIterable<ExportedImage[]>,
  context: ExportContext,
): AsyncGenerator<Uint8Array> {
  const columns = columnsOf(context);
  const bytes = new ByteWriter();
  const schema: SchemaElement[] = [
    { name: 'schema', num_children: columns.length },
    ...columns.flatMap(({ elements }) => elements),
  ];
  const parquet = new ParquetWriter({
    writer: bytes,
    schema,
    createdBy: 'tuhai',
    kvMetadata: keyValues(context),
  });
  const size = rowGroupSize[context.vectors ? 'withVectors' : 'without'];
  for await (const images of regrouped(pages, size)) {
    const columnData = columns.map(({ name, value, raw }) => ({
      name,
      data: images.map(value),
      offsetIndex: false,
      ...(raw && { encoding: 'PLAIN' as const, codec: 'UNCOMPRESSED' as const, statistics: false }),
    }));
    await parquet.write({ columnData, rowGroupSize: size });
    yield drain(bytes);
  }
  await parquet.finish();
  yield drain(bytes);
}

/** What was written so far; the writer goes on counting its offset from there. */
function drain(writer: ByteWriter): Uint8Array {
  const written = new Uint8Array(writer.buffer.slice(0, writer.index));
  writer.index = 0;
  return written;
}

async function* regrouped<T>(pages: AsyncIterable<T[]>, size: number): AsyncGenerator<T[]> {
  let group: T[] = [];
  for await (const page of pages) {
    for (const item of page) {
      group.push(item);
      if (group.length < size) continue;
      yield group;
      group = [];
    }
  }
  if (group.length > 0) yield group;
}

const required = { repetition_type: 'REQUIRED' } as const;
const optional = { repetition_type: 'OPTIONAL' } as const;
const text = { type: 'BYTE_ARRAY', converted_type: 'UTF8', logical_type: { type: 'STRING' } } as const;

/** The three levels of the Parquet format's LIST. */
const list = (
  name: string,
  repetition: typeof required | typeof optional,
  ...element: SchemaElement[]
): SchemaElement[] => [
  { name, ...repetition, converted_type: 'LIST', logical_type: { type: 'LIST' }, num_children: 1 },
  { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
  ...element,
];

function columnsOf({ vectors, policy }: ExportContext): Column[] {
  const one = (element: SchemaElement, value: Column['value']): Column => ({
    name: element.name,
    elements: [element],
    value,
  });
  return [
    one({ name: 'image_id', type: 'INT64', ...required }, ({ imageId }) => BigInt(imageId)),
    one({ name: 'source', ...text, ...required }, ({ source }) => source),
    one({ name: 'key', ...text, ...required }, ({ key }) => key),
    one({ name: 'address', ...text, ...required }, imageAddress),
    one({ name: 'etag', ...text, ...required }, ({ etag }) => etag),
    one({ name: 'size_bytes', type: 'INT64', ...required }, ({ sizeBytes }) => BigInt(sizeBytes)),
    one({ name: 'width', type: 'INT32', ...optional }, ({ width }) => width),
    one({ name: 'height', type: 'INT32', ...optional }, ({ height }) => height),
    one({ name: 'format', ...text, ...optional }, ({ format }) => format),
    one({ name: 'label', ...text, ...optional }, ({ predictions: [best] }) => best?.label),
    one({ name: 'cosine', type: 'FLOAT', ...optional }, ({ predictions: [best] }) => best?.cosine),
    one({ name: 'probability', type: 'FLOAT', ...optional }, ({ predictions: [best] }) => best?.probability),
    {
      name: 'predictions',
      elements: list(
        'predictions',
        required,
        { name: 'element', ...required, num_children: 6 },
        { name: 'label', ...text, ...required },
        { name: 'cosine', type: 'FLOAT', ...required },
        { name: 'probability', type: 'FLOAT', ...required },
        { name: 'rank', type: 'INT32', ...required },
        { name: 'margin', type: 'FLOAT', ...optional },
        { name: 'passed', type: 'BOOLEAN', ...required },
      ),
      value: ({ predictions }) => predictions,
    },
    {
      name: 'truth',
      elements: list('truth', optional, { name: 'element', ...text, ...required }),
      value: ({ truth }) => truth,
    },
    ...(policy ? [one({ name: 'action', ...text, ...optional }, ({ decision }) => decision?.action)] : []),
    ...(vectors
      ? [
          {
            name: 'embedding',
            elements: list('embedding', required, { name: 'element', type: 'FLOAT', ...required }),
            value: ({ embedding }: ExportedImage) => Array.from(embedding ?? []),
            raw: true as const,
          },
        ]
      : []),
  ];
}

const keyValues = ({ model, labelSet, policy }: ExportContext): { key: string; value: string }[] => [
  { key: 'tuhai.model', value: model.name },
  { key: 'tuhai.fingerprint', value: model.fingerprint },
  ...(labelSet ? [{ key: 'tuhai.label_set', value: `${labelSet.name} ${labelSet.version}` }] : []),
  ...(policy ? [{ key: 'tuhai.policy', value: `${policy.name} ${policy.version}` }] : []),
];
