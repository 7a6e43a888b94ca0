import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startEmbeddedPostgres } from '@tuhai/cli/embedded/postgres/embedded-postgres';
import test from 'ava';
import { openBooks } from '../faults/accounts.js';
import { sharedData } from '../shared-data.js';
import { temporaryFolder } from '../source/temporary-folder.js';
import { embeddedStack } from './on-each-stack.js';
import { tuhaiJson } from './tuhai.js';

interface PredictionRow {
  key: string;
  set: string;
  label: string;
  rank: number;
  cosine: number;
}

test('photos are labelled with their classes while they are embedded, and just so afterwards', async (t) => {
  t.timeout(600_000);
  const folder = sharedData(t, 'photos');
  const model = sharedData(t, 'photo-model');
  if (!folder || !model) return;
  const classes = JSON.parse(await readFile(join(folder, 'labels.json'), 'utf8')) as Record<
    string,
    { zh: string }
  >;
  const labels = [...new Set(Object.values(classes).map(({ zh }) => zh))];
  const files = await temporaryFolder(t, {
    'first.yaml': JSON.stringify({ name: 'first', top: 5, labels }),
    'later.yaml': JSON.stringify({ name: 'later', top: 5, labels }),
  });
  const stack = await embeddedStack(t);
  const env: Record<string, string> = { ...stack.env, MODEL_DIR: model };
  const run = await tuhaiJson(t, ['run', folder, '--labels', join(files, 'first.yaml')], { env });
  t.like(run, { listed: 198, embedded: 198, failed: 0 });
  const labelled = await tuhaiJson(t, ['label', join(files, 'later.yaml')], { env });
  t.like(labelled, { labelled: 198 });

  const { databaseUrl, close } = await startEmbeddedPostgres({ home: env['TUHAI_HOME'] ?? '' });
  t.teardown(close);
  const rows = await openBooks(t, databaseUrl).query<PredictionRow>(
    `SELECT i.key, s.name AS set, p.label, p.rank, p.cosine::float8 AS cosine FROM predictions p
     JOIN images i ON i.id = p.image_id JOIN label_sets s ON s.id = p.label_set_id ORDER BY i.key, p.rank`,
  );
  const first = rows.filter(({ set }) => set === 'first');
  const later = rows.filter(({ set }) => set === 'later');
  t.is(first.length, 198 * 5);
  const unlike = first.filter((row, i) => {
    const other = later[i];
    return other?.key !== row.key || other.rank !== row.rank || Math.abs(other.cosine - row.cosine) > 1e-5;
  });
  t.deepEqual(unlike, [], 'stored vectors give what fresh ones gave');
  const ofImageNet = Object.keys(classes).filter((key) => key.startsWith('imagenet1k/'));
  const found = new Set(first.filter(({ key, label }) => classes[key]?.zh === label).map(({ key }) => key));
  const hits = ofImageNet.filter((key) => found.has(key)).length;
  t.log(`${hits} of ${ofImageNet.length} photos have their class among their top 5`);
  t.true(hits > 0.75 * ofImageNet.length);
});
