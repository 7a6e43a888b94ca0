import { Readable } from 'node:stream';
import test from 'ava';
import type { ImportedReview, ImportProblem } from '@tuhai/core/import/imported-review';
import { jsonListItems } from '@tuhai/core/import/json-list-items';
import { readCsvReviews } from '@tuhai/core/import/read-csv';
import { readLabelStudioReviews } from '@tuhai/core/import/read-label-studio';
import { openExport } from '@tuhai/core/export/open-export';
import { importReviews } from '@tuhai/core/store/import-reviews';
import { UsageError } from '@tuhai/core/usage-error';
import { objectOf } from '../store/collection.js';
import { onEachDatabase } from '../store/on-each-database.js';
import { embedLabelled, labelledCollection, ranked, type LabelledCollection } from './labelled-collection.js';

const images = ['a.jpg', 'b.jpg', '=c.jpg'].map((key) => ({
  object: objectOf(key),
  predictions: ranked(['猫', 0.9]),
}));

const csv = (text: string) => readCsvReviews(Readable.from([text]));

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

const said = (choices: string[], other: object = {}) => ({
  completed_by: 7,
  result: [{ from_name: 'label', to_name: 'image', type: 'choices', value: { choices } }],
  ...other,
});

const items = (...chunks: string[]) => all(jsonListItems(Readable.from(chunks)));

async function take(
  { database, labelSet }: LabelledCollection,
  rows: AsyncIterable<ImportedReview | ImportProblem>,
) {
  const problems: ImportProblem[] = [];
  const onProblem = (problem: ImportProblem) => void problems.push(problem);
  const result = await importReviews(database, rows, { labelSet, reviewer: 'import', onProblem });
  return { ...result, problems };
}

async function truths({ database, labelSet }: LabelledCollection) {
  const { rows } = await database.pool.query(
    'SELECT i.key, t.labels, t.reviewer FROM truths t JOIN images i ON i.id = t.image_id WHERE label_set = $1 ORDER BY key',
    [labelSet.name],
  );
  return rows;
}

onEachDatabase('a CSV of truths is taken in once, and its lines at fault are named', async (t, database) => {
  const collection = await labelledCollection(database, images, { labels: ['猫', '狗'] });
  const { sourceUri: source } = collection;
  const row = (...cells: string[]) => `${source},${cells.join(',')}\r\n`;
  const head = 'source,key,etag,truth,reviewer\r\n';
  const good =
    head + row('a.jpg', 'v1', '狗|猫', '甲') + row('b.jpg', '', '[]', '') + row("'=c.jpg", '', '', '');
  t.deepEqual(await take(collection, csv(`\uFEFF${good}`)), { imported: 2, unchanged: 0, problems: [] });
  t.deepEqual(await take(collection, csv(good)), { imported: 0, unchanged: 2, problems: [] });
  const expected = [
    { key: 'a.jpg', labels: ['狗', '猫'], reviewer: '甲' },
    { key: 'b.jpg', labels: [], reviewer: 'import' },
  ];
  t.deepEqual(await truths(collection), expected);
  t.like(await take(collection, csv(head + row('a.jpg', '', '猫', '甲'))), { imported: 1 }, 'said otherwise');
  t.like(await take(collection, csv(good)), { imported: 1, unchanged: 1 }, 'and back');
  t.deepEqual(await truths(collection), expected);

  const bad =
    head +
    row('z.jpg', '', '猫', '') +
    row('a.jpg', 'v0', '猫', '') +
    row('b.jpg', '', '鸟', '') +
    row('', '', '猫', '') +
    row('b.jpg', '', '猫', '') +
    row('b.jpg', '', '狗', '') +
    row('b.jpg', '', '"[1]"', '乙');
  const { problems, ...counts } = await take(collection, csv(bad));
  t.deepEqual(counts, { imported: 1, unchanged: 0 });
  t.deepEqual(
    problems
      .toSorted((a, b) => a.line - b.line)
      .map(({ line, message }) => `${line} ${message.slice(0, 20)}`),
    [
      '2 there is no image z.',
      '3 a.jpg has changed si',
      `4 ${`${collection.labelSet.name} has no`.slice(0, 20)}`,
      '5 the row has no key',
      '7 b.jpg stands in line',
      '8 truth "[1]" is no li',
    ],
  );

  await embedLabelled(collection, [{ object: objectOf('a.jpg', 'v2'), predictions: [] }]);
  t.deepEqual(
    (await truths(collection)).map(({ key }) => key),
    ['b.jpg'],
    'a changed image has no truth yet',
  );
});

onEachDatabase('what Label Studio gives back of our tasks is taken in', async (t, database) => {
  const collection = await labelledCollection(database, images, { labels: ['猫', '狗'], mode: 'multi' });
  const started = await openExport(database, { model: collection.model, format: 'label-studio' });
  const tasks = JSON.parse((await all(started.chunks())).join('')) as object[];
  const annotations = [
    [said(['猫', '狗'])],
    [{ completed_by: { email: 'x@y' }, result: [] }],
    [said(['猫'], { was_cancelled: true })],
  ];
  const file = JSON.stringify(
    tasks.map((task, i) => ({ ...task, annotations: annotations[i] })),
    undefined,
    1,
  );
  const read = () => readLabelStudioReviews(Readable.from(file.match(/[\s\S]{1,7}/g) ?? []));
  t.deepEqual(await take(collection, read()), { imported: 2, unchanged: 0, problems: [] });
  t.deepEqual(await take(collection, read()), { imported: 0, unchanged: 2, problems: [] });
  t.deepEqual(await truths(collection), [
    { key: '=c.jpg', labels: ['狗', '猫'], reviewer: 'label-studio:7' },
    { key: 'a.jpg', labels: [], reviewer: 'x@y' },
  ]);
});

test('a JSON list is read object by object, with lines', async (t) => {
  t.deepEqual(await items('[\n{"a": "]}\\', '""},\n\n {"b":\n[{}]}', ']\n'), [
    { line: 2, value: { a: ']}"' } },
    { line: 4, value: { b: [{}] } },
  ]);
  t.deepEqual(await items('[]'), []);
  await t.throwsAsync(items('[{"a": 1}', ',\n x]'), { instanceOf: UsageError, message: /line 2/ });
  await t.throwsAsync(items('{"a": 1}'), { instanceOf: UsageError, message: /line 1.*list/ });
  await t.throwsAsync(items('[\n{"a": '), { instanceOf: UsageError, message: /line 2.*ends/ });
  await t.throwsAsync(items('[\n{"a" 1}]'), { instanceOf: UsageError, message: /line 2/ });
});

test('a file that is no such CSV is refused with its line', async (t) => {
  await t.throwsAsync(all(csv('file,truth\na,b\n')), { instanceOf: UsageError, message: /there is no key/ });
  await t.throwsAsync(all(csv('key,truth\n"a,b\n')), { instanceOf: UsageError, message: /line/i });
});
