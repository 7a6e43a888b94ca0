import { chunkBackoffMs } from '@tuhai/core/queue/chunk-backoff';
import test from 'ava';

test('the wait doubles up to half a minute, and is never the same for all', (t) => {
  for (let attempts = 1; attempts <= 20; attempts++) {
    const ceilingMs = Math.min(30_000, 1_000 * 2 ** (attempts - 1));
    const waits = Array.from({ length: 100 }, () => chunkBackoffMs(attempts));
    t.true(waits.every((ms) => Number.isInteger(ms) && ms >= ceilingMs / 2 && ms <= ceilingMs));
    t.true(new Set(waits).size > 10, 'chunks do not return in step');
  }
});
