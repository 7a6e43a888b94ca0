import test from 'ava';
import { ByteCache } from '@tuhai/api/thumbnails/byte-cache';
import { cutPage, decodeCursor } from '@tuhai/api/page-cursor';

test('a page tells where the next begins, and the last one that there is none', (t) => {
  const { items, nextCursor } = cutPage(['a', '二 "%', 'c'], 2, String);
  t.deepEqual(items, ['a', '二 "%']);
  t.is(decodeCursor(nextCursor ?? '', 'string'), '二 "%');
  t.deepEqual(cutPage(['a', 'b'], 2, String), { items: ['a', 'b'] });
  t.deepEqual(cutPage([], 2, String), { items: [] });
});

test('a byte cache keeps what was asked for last, within its bytes', (t) => {
  const cache = new ByteCache(10);
  cache.set('a', Buffer.alloc(4));
  cache.set('b', Buffer.alloc(4));
  t.truthy(cache.get('a'));
  cache.set('c', Buffer.alloc(4));
  t.deepEqual(
    ['a', 'b', 'c'].map((key) => cache.get(key)?.length),
    [4, undefined, 4],
  );
  cache.set('a', Buffer.alloc(6));
  t.is(cache.sizeBytes, 10);
  cache.set('huge', Buffer.alloc(11));
  t.is(cache.get('huge'), undefined);
  t.is(cache.sizeBytes, 10);
});
