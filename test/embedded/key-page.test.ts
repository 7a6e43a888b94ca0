import test from 'ava';
import { compareUtf8 } from '@tuhai/core/source/utf8-order';
import { keyPage, type KeyQuery } from '@tuhai/cli/embedded/s3/key-page';

const keys = [
  'a',
  'a/',
  'a/b/c',
  'a/b/d',
  'a/e',
  'a/图/1',
  'a/图/2',
  'a/\u{1f600}',
  'a/\uffee',
  'b/x',
  'b/y',
  'c',
].toSorted(compareUtf8);

function allPages(query: Partial<KeyQuery>): { keys: string[]; commonPrefixes: string[]; pages: number } {
  const all = { keys: [] as string[], commonPrefixes: [] as string[], pages: 0 };
  let token: string | undefined;
  do {
    const page = keyPage(keys, { prefix: '', delimiter: '', maxKeys: 1000, startAfter: '', ...query, token });
    all.keys.push(...page!.keys);
    all.commonPrefixes.push(...page!.commonPrefixes);
    all.pages++;
    token = page!.nextToken;
  } while (token !== undefined);
  return all;
}

test('keys come in the order of their UTF-8 bytes', (t) => {
  const { keys: listed } = allPages({ prefix: 'a/' });
  t.deepEqual(listed.slice(-2), ['a/\uffee', 'a/\u{1f600}']);
  t.deepEqual(
    ['a/\u{1f600}', 'a/\uffee'].toSorted(),
    ['a/\u{1f600}', 'a/\uffee'],
    'JavaScript has another order',
  );
});

test('pages of any size list the same as one page, for any prefix, delimiter and start', (t) => {
  for (const prefix of ['', 'a', 'a/', 'a/b', 'a/图/', 'b/x', 'd']) {
    for (const delimiter of ['', '/', 'b/', '图']) {
      for (const startAfter of ['', 'a/b/c', 'a/b/', 'a/zzz', 'zzz', 'A']) {
        const query = { prefix, delimiter, startAfter };
        const { pages: _, ...once } = allPages(query);
        // What it must be, said another way.
        const matching = keys.filter((key) => key.startsWith(prefix) && compareUtf8(key, startAfter) > 0);
        const at = (key: string): number => (delimiter ? key.indexOf(delimiter, prefix.length) : -1);
        const rolled = matching
          .filter((key) => at(key) >= 0)
          .map((key) => key.slice(0, at(key) + delimiter.length));
        t.deepEqual(
          once.keys,
          matching.filter((key) => at(key) < 0),
        );
        t.deepEqual(once.commonPrefixes, [...new Set(rolled)]);
        for (const maxKeys of [1, 2, 3, 5]) {
          const { pages, ...paged } = allPages({ ...query, maxKeys });
          t.deepEqual(paged, once);
          t.is(pages, Math.max(1, Math.ceil((once.keys.length + once.commonPrefixes.length) / maxKeys)));
        }
      }
    }
  }
});

test('a page of no keys is complete; a foreign token is refused', (t) => {
  const query = { prefix: '', delimiter: '', maxKeys: 0, startAfter: '' };
  t.deepEqual(keyPage(keys, query), { keys: [], commonPrefixes: [] });
  t.is(keyPage(keys, { ...query, token: 'eyJ4IjoxfQ' }), undefined);
});
