import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import test, { type ExecutionContext } from 'ava';
import { exportFormat, type ExportFormatName } from '@tuhai/core/export/formats';
import { imageUrl } from '@tuhai/core/export/image-url';
import { joinLabels, splitLabels } from '@tuhai/core/export/label-list';
import { openExport, type ExportOptions } from '@tuhai/core/export/open-export';
import { writeWholeFiles } from '@tuhai/core/export/write-whole-files';
import { UsageError } from '@tuhai/core/usage-error';
import { objectOf } from '../store/collection.js';
import { onEachDatabase } from '../store/on-each-database.js';
import { labelledCollection, ranked, type LabelledCollection } from './labelled-collection.js';
import { pythonJson, script } from './python.js';

const odd = '图/a "b", c\nd&<e>.jpg';
const images = [
  { object: objectOf('=1+1.jpg'), predictions: ranked(['猫', 0.75, 0.5], ['狗|犬', 0.25, 0.125]) },
  { object: objectOf(odd), predictions: ranked(['狗|犬', 1], ['猫', 0]) },
  { object: objectOf('没有.jpg'), predictions: [] },
];
const labels = ['猫', '狗|犬', '<a> & "b"'];

async function exported(
  { database, model }: LabelledCollection,
  format: ExportFormatName,
  options: Partial<ExportOptions> = {},
): Promise<{ bytes: Buffer; companion: string }> {
  const started = await openExport(database, { model, format, ...options });
  const chunks: Buffer[] = [];
  for await (const chunk of started.chunks()) chunks.push(Buffer.from(chunk));
  return {
    bytes: Buffer.concat(chunks),
    companion: exportFormat(format).companion?.write(started.context) ?? '',
  };
}

async function folderOf(t: ExecutionContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tuhai-export-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

const never = new AbortController().signal;

async function* breaks() {
  yield 'half';
  throw new Error('database gone');
}

const addressOf = (source: string, key: string) => imageUrl({ imageId: 7, source, key }, undefined);

onEachDatabase(
  'JSON lines hold every image with its predictions, and vectors to the bit',
  async (t, database) => {
    const collection = await labelledCollection(database, images, { labels });
    const { bytes } = await exported(collection, 'jsonl', { vectors: true });
    const lines = bytes
      .toString()
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    t.deepEqual(
      lines.map(({ key }) => key),
      images.map(({ object }) => object.key),
    );
    t.deepEqual(
      lines.map(({ predictions }) => predictions),
      images.map(({ predictions }) => predictions),
    );
    t.like(lines[1], {
      source: collection.sourceUri,
      etag: 'v1',
      sizeBytes: 10,
      width: 30,
      format: 'png',
      truth: null,
    });
    t.deepEqual(Float32Array.from(lines[1].embedding), Float32Array.of(Math.cos(0.01), Math.sin(0.01), 0, 0));
    const few = await exported(collection, 'jsonl', { prefix: '图/' });
    t.is(few.bytes.toString().trimEnd().split('\n').length, 1);
    t.false('embedding' in JSON.parse(few.bytes.toString()));
  },
);

onEachDatabase('CSV is RFC 4180, and harmless in Excel when asked', async (t, database) => {
  const collection = await labelledCollection(database, images, { labels });
  const { bytes } = await exported(collection, 'csv');
  t.true(bytes.toString().endsWith('\r\n'));
  const rows = parse(bytes, { columns: true, record_delimiter: '\r\n' }) as Record<string, string>[];
  t.deepEqual(
    rows.map(({ key }) => key),
    images.map(({ object }) => object.key),
  );
  t.like(rows[0], { label: '猫', cosine: '0.5', probability: '0.75', truth: '' });
  t.deepEqual(JSON.parse(rows[1]?.['predictions'] ?? ''), images[1]?.predictions);
  const excel = (await exported(collection, 'csv', { excel: true })).bytes;
  t.deepEqual([...excel.subarray(0, 3)], [0xef, 0xbb, 0xbf]);
  t.regex(excel.toString(), /'=1\+1\.jpg/);
});

onEachDatabase('Parquet is what pyarrow reads, vectors as lists of floats', async (t, database) => {
  const collection = await labelledCollection(database, images, { labels });
  const file = join(await folderOf(t), 'a.parquet');
  const { bytes } = await exported(collection, 'parquet', { vectors: true });
  await writeFile(file, bytes);
  const code = `
import json, sys, pyarrow.parquet as pq
file = pq.ParquetFile(sys.argv[1])
table = file.read()
print(json.dumps({"rows": table.to_pylist(), "type": str(file.schema_arrow.field("embedding").type),
  "model": file.schema_arrow.metadata[b"tuhai.fingerprint"].decode()}))`;
  const read = await pythonJson<{ rows: Record<string, unknown>[]; type: string; model: string }>(
    t,
    'pyarrow',
    ['-c', code, file],
  );
  if (!read) return;
  t.is(read.model, collection.model.fingerprint);
  t.regex(read.type, /^list<element: float/);
  t.deepEqual(
    read.rows.map(({ key }) => key),
    images.map(({ object }) => object.key),
  );
  t.deepEqual(
    read.rows.map(({ predictions }) => predictions),
    images.map(({ predictions }) => predictions),
  );
  t.deepEqual(
    read.rows.map(({ label, truth }) => [label, truth]),
    [
      ['猫', null],
      ['狗|犬', null],
      [null, null],
    ],
  );
  t.deepEqual(
    Float32Array.from(read.rows[1]?.['embedding'] as number[]),
    Float32Array.of(Math.cos(0.01), Math.sin(0.01), 0, 0),
  );
});

for (const mode of ['single', 'multi'])
  onEachDatabase(`Label Studio's SDK accepts tasks and config: ${mode}`, async (t, database) => {
    const collection = await labelledCollection(database, images, { labels, mode });
    const { bytes, companion } = await exported(collection, 'label-studio', {
      urlTemplate: 'http://h/{id}/{key}',
    });
    const tasks = JSON.parse(bytes.toString());
    t.is(tasks.length, 3);
    t.like(tasks[1].data, { key: odd, source: collection.sourceUri, etag: 'v1' });
    t.is(
      tasks[1].data.image,
      `http://h/${tasks[1].data.image_id}/${encodeURIComponent(odd).replace('%2F', '/')}`,
    );
    t.like(tasks[0].predictions[0], {
      score: 0.75,
      result: [{ type: 'choices', value: { choices: ['猫'] } }],
    });
    t.deepEqual(tasks[2].predictions, []);
    t.regex(companion, mode === 'multi' ? /choice="multiple"/ : /choice="single"/);
    t.true(companion.includes('<Choice value="&lt;a&gt; &amp; &quot;b&quot;"/>'));
    const folder = await folderOf(t);
    const files: [string, string] = [join(folder, 'tasks.json'), join(folder, 'config.xml')];
    await writeWholeFiles(
      [
        { path: files[0], content: bytes.toString() },
        { path: files[1], content: companion },
      ],
      never,
    );
    const said = await pythonJson(t, 'label_studio_sdk', [script('check_label_studio.py'), ...files]);
    if (said) t.deepEqual(said, { tasks: 3, predictions: 2 });
  });

onEachDatabase("FiftyOne's own documents take metadata and samples", async (t, database) => {
  const collection = await labelledCollection(database, images, { labels });
  const { bytes, companion } = await exported(collection, 'fiftyone', { vectors: true });
  const { samples } = JSON.parse(bytes.toString());
  t.like(samples[0], {
    filepath: `${collection.sourceUri}=1+1.jpg`,
    prediction: { label: '猫', confidence: 0.75 },
  });
  t.is(new Set(samples.map(({ _id }: { _id: { $oid: string } }) => _id.$oid)).size, 3);
  const declared = new Set(JSON.parse(companion).sample_fields.map(({ name }: { name: string }) => name));
  for (const name of Object.keys(samples[0])) t.true(name.startsWith('_') || declared.has(name), name);
  const folder = await folderOf(t);
  await writeWholeFiles(
    [
      { path: join(folder, 'samples.json'), content: bytes.toString() },
      { path: join(folder, 'metadata.json'), content: companion },
    ],
    never,
  );
  const said = await pythonJson(t, 'fiftyone', [script('check_fiftyone.py'), folder]);
  if (said) t.like(said, { samples: 3, first: [2, '猫'] });
});

onEachDatabase("moderation labels come in Rekognition's shape", async (t, database) => {
  const collection = await labelledCollection(database, images, { labels });
  const { bytes } = await exported(collection, 'rekognition');
  const lines = bytes.toString().trimEnd().split('\n');
  const { model, labelSet } = collection;
  t.deepEqual(JSON.parse(lines[0] as string), {
    Image: `${collection.sourceUri}=1+1.jpg`,
    ModerationLabels: [{ Name: '猫', ParentName: '', Confidence: 75, TaxonomyLevel: 1 }],
    ModerationModelVersion: `${model.fingerprint.slice(0, 12)} ${labelSet.name} ${labelSet.version}`,
  });
  t.deepEqual(JSON.parse(lines[2] as string).ModerationLabels, []);
});

onEachDatabase('several label sets must be told apart, and wrong names are named', async (t, database) => {
  const collection = await labelledCollection(database, images, { labels });
  const { model } = collection;
  const empty = { ...collection, model: (await labelledCollection(database, [], { labels })).model };
  t.is((await exported(empty, 'jsonl')).bytes.length, 0);
  t.deepEqual(JSON.parse((await exported(empty, 'label-studio')).bytes.toString()), []);
  await t.throwsAsync(openExport(database, { model, format: 'csv', labels: 'x' }), {
    instanceOf: UsageError,
    message: /"x"/,
  });
  await t.throwsAsync(openExport(database, { model, format: 'csv', policy: 'x' }), {
    instanceOf: UsageError,
    message: /"x"/,
  });
  await t.throwsAsync(openExport(database, { model, format: 'csv', urlTemplate: 'http://h/' }), {
    message: /neither/,
  });
});

test('a file appears whole or not at all', async (t) => {
  const folder = await folderOf(t);
  const files = [
    { path: join(folder, 'b.json'), content: breaks() },
    { path: join(folder, 'c'), content: 'c' },
  ];
  await t.throwsAsync(writeWholeFiles(files, never), { message: 'database gone' });
  t.deepEqual(await readdir(folder), []);
  const stop = new AbortController();
  async function* interrupted() {
    yield 'half';
    stop.abort();
    yield 'more';
  }
  await t.throwsAsync(
    writeWholeFiles([{ path: join(folder, 'b.json'), content: interrupted() }], stop.signal),
  );
  t.deepEqual(await readdir(folder), []);
  await writeWholeFiles([{ path: join(folder, 'new', 'b'), content: 'whole' }], never);
  t.is(await readFile(join(folder, 'new', 'b'), 'utf8'), 'whole');
});

test('images have an address, whatever their source', (t) => {
  t.is(addressOf('s3://bucket/some/prefix', 'some/prefix/a b.jpg'), 's3://bucket/some/prefix/a b.jpg');
  t.is(addressOf('s3://bucket/lists/all.csv', 'a.jpg'), 's3://bucket/lists/a.jpg');
  t.is(addressOf('s3://bucket/lists/all.csv', 's3://other/a.jpg'), 's3://other/a.jpg');
  t.is(addressOf('file:///data/%E5%9B%BE', 'a/b.jpg'), '/data/图/a/b.jpg');
  t.is(addressOf('file:///data/all.txt', 'a.jpg'), '/data/a.jpg');
});

test('lists of labels survive a cell', (t) => {
  for (const list of [[], ['猫'], ['猫', '狗'], ['a|b', 'c'], ['[x]']])
    t.deepEqual(splitLabels(joinLabels(list)), list);
  t.deepEqual(splitLabels(' 猫 | 狗 '), ['猫', '狗']);
  t.is(splitLabels('[1]'), undefined);
});
