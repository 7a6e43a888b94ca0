import { reviewedVectors, vectorsOfKeys } from '@tuhai/core/store/reviewed-vectors';
import { embedAll, newCollection, objectOf } from './collection.js';
import { onEachDatabase } from './on-each-database.js';

/** Of the first two vectors of four dimensions: what lies along the first axis. */
const cosines = (images: Float32Array) => [images[0], images[4]].map((x) => Number(x?.toFixed(5)));

onEachDatabase('what people said comes with the vectors it was said of', async (t, database) => {
  const collection = await newCollection(database);
  const { model, sourceUri } = collection;
  await embedAll(
    collection,
    ['a', 'b', 'c'].map((key) => objectOf(`${sourceUri}${key}`)),
    (i) => i,
  );
  const say = (key: string, labels: string[]) =>
    database.pool.query(
      `INSERT INTO reviews (image_id, etag, reviewer, label_set, labels, origin)
       SELECT id, etag, 'test', $2, $3, 'import' FROM images WHERE key = $1`,
      [`${sourceUri}${key}`, sourceUri, labels],
    );
  await say('a', ['猫']);
  await say('b', ['猫']);
  await say('b', []);
  const reviewed = await reviewedVectors(database, model, sourceUri);
  t.deepEqual(reviewed.reviewed, [
    { key: `${sourceUri}a`, labels: ['猫'] },
    { key: `${sourceUri}b`, labels: [] },
  ]);
  t.deepEqual(cosines(reviewed.images), [1, Number(Math.cos(1).toFixed(5))]);

  const given = new Map([
    [`${sourceUri}c`, ['狗']],
    [`${sourceUri}nowhere`, ['狗']],
    [`${sourceUri}b`, ['猫', '狗']],
  ]);
  const found = await vectorsOfKeys(database, model, given);
  t.deepEqual(found.reviewed, [
    { key: `${sourceUri}b`, labels: ['猫', '狗'] },
    { key: `${sourceUri}c`, labels: ['狗'] },
  ]);
  t.deepEqual(
    cosines(found.images),
    [Math.cos(1), Math.cos(2)].map((x) => Number(x.toFixed(5))),
  );
});
