import { openSource } from '@tuhai/core/source/open-source';
import { UsageError } from '@tuhai/core/usage-error';
import test from 'ava';
import { execFileSync } from 'node:child_process';
import { chmod, mkdir, realpath, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { failsWith } from './fails-with.js';
import { keysOf, objectsOf, pagesOf } from './list-all.js';
import { temporaryFolder } from './temporary-folder.js';

const s3 = {};
const limits = { bytesMax: 1_000, timeoutMs: 10_000 };

test('files come in the order in which S3 lists, from all depths, images only', async (t) => {
  const keys = [
    'a-b.jpg',
    'a.jpg',
    'a/b.JPG',
    'a/c/d.png',
    'a0.webp',
    'z.gif',
    '图/猫.jpg',
    '豈.jpg',
    '😀.jpg',
  ];
  const folder = await temporaryFolder(t, [...keys, 'notes.txt', 'a/.DS_Store', 'empty.jpg/inside.txt']);
  const listed = await keysOf(await openSource(folder, { s3 }));
  t.deepEqual(listed, keys);
  t.deepEqual(
    listed,
    listed.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))),
  );
});

test('a listing can be taken up after any key', async (t) => {
  const keys = ['a.jpg', 'a/a.jpg', 'a/b.jpg', 'a/b/c.jpg', 'b.jpg', 'b/a.jpg', 'c.jpg'];
  const source = await openSource(await temporaryFolder(t, keys), { s3 });
  for (const [index, after] of keys.entries())
    t.deepEqual(await keysOf(source, { after }), keys.slice(index + 1));
  t.deepEqual(await keysOf(source, { after: 'a/b/zz' }), keys.slice(4));
});

test('pages hold a thousand', async (t) => {
  const keys = Array.from({ length: 1_001 }, (_, index) => `${index + 1_000}.jpg`);
  const source = await openSource(await temporaryFolder(t, keys), { s3 });
  const pages = await pagesOf(source);
  const shapes = pages.map(({ objects, cursor }) => [objects.length, cursor]);
  t.deepEqual(shapes, [
    [1_000, '1999.jpg'],
    [1, '2000.jpg'],
  ]);
});

test('a file is fetched with the ETag of its listing, which changes when it does', async (t) => {
  const folder = await temporaryFolder(t, ['a.jpg']);
  const source = await openSource(folder, { s3 });
  const [before] = await objectsOf(source);
  const fetched = await source.fetch('a.jpg', limits);
  t.is(Buffer.from(fetched.bytes).toString(), 'a.jpg');
  t.like(before, { key: 'a.jpg', etag: fetched.etag, sizeBytes: 5 });
  await utimes(join(folder, 'a.jpg'), 1, 1);
  const [after] = await objectsOf(source);
  t.is(after?.etag, '5-1000000000');
  t.not(after?.etag, before?.etag);
});

test('the same folder has the same URI, however it is named, and the URI opens it', async (t) => {
  const folder = await temporaryFolder(t, ['a b#?.jpg']);
  const link = `${folder}-link`;
  await symlink(folder, link);
  t.teardown(() => rm(link));
  const uri = pathToFileURL(await realpath(folder)).href;
  t.is((await openSource(folder, { s3 })).uri, uri);
  t.is((await openSource(`${link}/`, { s3 })).uri, uri);
  const reopened = await openSource(uri, { s3 });
  t.is(reopened.uri, uri);
  t.deepEqual(await keysOf(reopened), ['a b#?.jpg']);
});

test('links within the folder are files; nothing leads out of it', async (t) => {
  const outside = await temporaryFolder(t, ['secret.jpg', 'more/secret.jpg']);
  const folder = await temporaryFolder(t, ['a/a.jpg']);
  await symlink('a/a.jpg', join(folder, 'inside.jpg'));
  await symlink(join(outside, 'secret.jpg'), join(folder, 'leaves.jpg'));
  await symlink(join(folder, 'nowhere'), join(folder, 'dangling.jpg'));
  await symlink(outside, join(folder, 'b'));
  await symlink(folder, join(folder, 'a', 'loop'));
  const source = await openSource(folder, { s3 });
  const objects = await objectsOf(source);
  t.deepEqual(
    objects.map(({ key }) => key),
    ['a/a.jpg', 'dangling.jpg', 'inside.jpg', 'leaves.jpg'],
  );
  t.is(Buffer.from((await source.fetch('inside.jpg', limits)).bytes).toString(), 'a/a.jpg');
  t.is(objects[2]?.etag, objects[0]?.etag);
  await failsWith(t, source.fetch('leaves.jpg', limits), 'access_denied', /leaves the folder/);
  await failsWith(t, source.fetch('b/more/secret.jpg', limits), 'access_denied');
  await failsWith(t, source.fetch(`../${outside.split('/').at(-1)}/secret.jpg`, limits), 'access_denied');
  await failsWith(t, source.fetch('dangling.jpg', limits), 'not_found');
});

test('what cannot be fetched fails with its code', async (t) => {
  const folder = await temporaryFolder(t, ['there.jpg', 'folder.jpg/inside.jpg']);
  await writeFile(join(folder, 'large.jpg'), 'x'.repeat(1_001));
  execFileSync('mkfifo', [join(folder, 'pipe.jpg')]);
  const socket = createServer().listen(join(folder, 'socket.jpg'));
  t.teardown(() => socket.close());
  const source = await openSource(folder, { s3 });
  t.deepEqual(await keysOf(source), ['folder.jpg/inside.jpg', 'large.jpg', 'there.jpg']);
  await failsWith(t, source.fetch('gone.jpg', limits), 'not_found', /ENOENT/);
  await failsWith(t, source.fetch('there.jpg/gone.jpg', limits), 'not_found');
  await failsWith(t, source.fetch('large.jpg', limits), 'too_large', /1001 bytes; the limit is 1000/);
  await failsWith(t, source.fetch('pipe.jpg', limits), 'access_denied', /not a regular file/);
  await failsWith(t, source.fetch('folder.jpg', limits), 'access_denied', /not a regular file/);
  await failsWith(t, source.fetch('nul\0.jpg', limits), 'not_found');
});

test('files are not lost for good while the whole folder is gone', async (t) => {
  const folder = await temporaryFolder(t, ['a.jpg']);
  const source = await openSource(folder, { s3 });
  await rename(folder, `${folder}-unmounted`);
  t.teardown(() => rm(`${folder}-unmounted`, { recursive: true }));
  await failsWith(t, source.fetch('a.jpg', limits), 'source_unavailable', /is not there/);
});

// Serial: the user of the whole process changes meanwhile, because nothing is forbidden to root.
test.serial('files and directories that may not be read', async (t) => {
  const folder = await temporaryFolder(t, ['a.jpg', 'b/c.jpg']);
  await chmod(folder, 0o755);
  await chmod(join(folder, 'a.jpg'), 0);
  const source = await openSource(folder, { s3 });
  const isRoot = process.getuid?.() === 0;
  if (isRoot) process.seteuid?.(65_534);
  try {
    await failsWith(t, source.fetch('a.jpg', limits), 'access_denied', /EACCES/);
    t.deepEqual(await keysOf(source), ['a.jpg', 'b/c.jpg']);
    if (isRoot) process.seteuid?.(0);
    await chmod(join(folder, 'b'), 0);
    if (isRoot) process.seteuid?.(65_534);
    await t.throwsAsync(keysOf(source), { instanceOf: UsageError, message: /b\/ may not be read/ });
  } finally {
    if (isRoot) process.seteuid?.(0);
    await chmod(join(folder, 'b'), 0o755);
  }
});

test('what is no folder is refused', async (t) => {
  const folder = await temporaryFolder(t, ['a.jpg']);
  const refused = (uri: string, message: RegExp): Promise<unknown> =>
    t.throwsAsync(openSource(uri, { s3 }), { instanceOf: UsageError, message });
  await refused(join(folder, 'nowhere'), /There is no source .*nowhere/);
  await refused(join(folder, 'a.jpg'), /name a folder, s3:\/\/bucket\/prefix, or a manifest/);
  await refused('file://elsewhere/folder', /no file URI/);
  await mkdir(join(folder, 'list.csv'));
  t.deepEqual(await keysOf(await openSource(join(folder, 'list.csv'), { s3 })), []);
});
