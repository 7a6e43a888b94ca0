import { setTimeout } from 'node:timers/promises';
import { freeBytes } from '@tuhai/core/image/free-bytes';
import test from 'ava';

test('memory is given back at once, without a garbage collection', async (t) => {
  // The port closes within some turns of the event loop; what comes before waits for that.
  await setTimeout(50);
  const before = process.memoryUsage().arrayBuffers;
  const bytes = new Uint8Array(50_000_000);
  t.true(process.memoryUsage().arrayBuffers - before >= 50_000_000);
  freeBytes(bytes);
  t.is(bytes.length, 0);
  t.true(process.memoryUsage().arrayBuffers - before < 1_000_000);
});
