import test from 'ava';
import type { ExportContext, ExportedImage } from '@tuhai/core/export/exported-image';
import { exportFormat, exportFormatNames } from '@tuhai/core/export/formats';

const [dimension, pageSize, pageCount] = [8, 1_000, 40];
const context: ExportContext = { model: { name: 'm', fingerprint: 'f', dimension }, vectors: true };

const imageOf = (imageId: number): ExportedImage => ({
  imageId,
  source: 's3://bucket/',
  key: `${imageId}.jpg`,
  etag: 'v1',
  sizeBytes: 1,
  width: 1,
  height: 1,
  format: 'jpeg',
  predictions: [
    {
      label: '猫',
      cosine: 0.25,
      probability: 0.5,
      rank: 1,
      margin: null,
      passed: true,
    },
  ],
  truth: null,
  embedding: new Float32Array(dimension).fill(0.1),
});

for (const name of exportFormatNames)
  test(`${name}: what has been read is given out before more is read`, async (t) => {
    let pulled = 0;
    async function* pages() {
      for (; pulled < pageCount; pulled++)
        yield Array.from({ length: pageSize }, (_, i) => imageOf(pulled * pageSize + i + 1));
    }
    const groupPages = name === 'parquet' ? 3 : 2;
    let pulledAtLast = 0;
    let [bytes, pagesHeldMax, pieceBytesMax] = [0, 0, 0];
    for await (const chunk of exportFormat(name).write(pages(), context)) {
      bytes += chunk.length;
      pieceBytesMax = Math.max(pieceBytesMax, chunk.length);
      pagesHeldMax = Math.max(pagesHeldMax, pulled - pulledAtLast);
      pulledAtLast = pulled;
    }
    t.is(pulled, pageCount);
    t.true(pagesHeldMax <= groupPages, `${pagesHeldMax} pages between two pieces`);
    t.true(pieceBytesMax < bytes / 10, `a piece of ${pieceBytesMax} of ${bytes} bytes`);
  });
