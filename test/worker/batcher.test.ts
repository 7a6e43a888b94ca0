import { setTimeout as sleep } from 'node:timers/promises';
import { createBatcher } from '@tuhai/worker/batcher';
import test from 'ava';

/** Doubles each image's only byte, and notes the sizes of the batches. */
function doubler(options: {
  sizeMax: number;
  waitMsMax: number;
  fails?: (images: readonly Uint8Array[]) => boolean;
}) {
  const sizes: number[] = [];
  const batcher = createBatcher({
    ...options,
    run: async (images) => {
      sizes.push(images.length);
      await sleep(5);
      if (options.fails?.(images)) throw new Error(`${images.length} at once are too many`);
      return Float32Array.from(images.flatMap(([byte = 0]) => [byte, 2 * byte]));
    },
  });
  const embed = (byte: number) => batcher.embed(Uint8Array.of(byte));
  return { sizes, embed };
}

const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

test('a full batch runs at once, and each image gets its own row', async (t) => {
  const { sizes, embed } = doubler({ sizeMax: 4, waitMsMax: 60_000 });
  const rows = await Promise.all(numbers(8).map(embed));
  t.deepEqual(
    rows,
    numbers(8).map((i) => Float32Array.of(i, 2 * i)),
  );
  t.deepEqual(sizes, [4, 4]);
});

test('what does not fill a batch waits for others, and no longer than it may', async (t) => {
  const { sizes, embed } = doubler({ sizeMax: 100, waitMsMax: 100 });
  const startedMs = performance.now();
  const first = embed(1);
  await sleep(20);
  const second = embed(2);
  t.deepEqual(await Promise.all([first, second]), [Float32Array.of(1, 2), Float32Array.of(2, 4)]);
  t.true(performance.now() - startedMs >= 95);
  t.deepEqual(sizes, [2]);
  await embed(3);
  t.deepEqual(sizes, [2, 1]);
});

test('images that come while a batch runs make the next one', async (t) => {
  const { sizes, embed } = doubler({ sizeMax: 2, waitMsMax: 50 });
  const early = [embed(1), embed(2)];
  const late = [embed(3), embed(4), embed(5)];
  await Promise.all([...early, ...late]);
  t.deepEqual(sizes, [2, 2, 1]);
});

test('a batch that is too large for the memory is halved until it fits', async (t) => {
  const { sizes, embed } = doubler({ sizeMax: 8, waitMsMax: 10, fails: (images) => images.length > 2 });
  const rows = await Promise.all(numbers(7).map(embed));
  t.deepEqual(
    rows,
    numbers(7).map((i) => Float32Array.of(i, 2 * i)),
  );
  t.deepEqual(sizes, [7, 4, 2, 2, 3, 2, 1]);
});

test('one poisonous image fails alone', async (t) => {
  const { embed } = doubler({
    sizeMax: 8,
    waitMsMax: 10,
    fails: (images) => images.some(([byte]) => byte === 5),
  });
  const rows = await Promise.allSettled(numbers(8).map(embed));
  t.deepEqual(
    rows.map(({ status }) => status === 'rejected'),
    numbers(8).map((i) => i === 5),
  );
  t.deepEqual(await embed(9), Float32Array.of(9, 18), 'and the next batch runs');
});
