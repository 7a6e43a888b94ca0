import { readFile } from 'node:fs/promises';
import { defaultImageLimits } from '@tuhai/core/image/limits';
import { readPreprocessing } from '@tuhai/core/image/preprocessing';
import { families } from '@tuhai/core/model/families';
import { createCarefulDecoder } from '@tuhai/core/image/careful-decoder';
import test, { type ExecutionContext } from 'ava';
import { deadly } from '../faults/fixtures/kill-on-sight.js';
import { goldenPath } from '../golden/golden.js';
import { childrenOf } from '../rig/children-of.js';

const preprocessing = readPreprocessing({}, families.clip.preprocessing, 'defaults');
const module = new URL('../faults/fixtures/deadly-decoder.ts', import.meta.url);

function decoderOf(t: ExecutionContext) {
  const decoder = createCarefulDecoder({ timeoutMs: 60_000, module });
  t.teardown(() => decoder.close());
  return (bytes: Uint8Array) => decoder.decode(bytes, preprocessing, defaultImageLimits);
}

test.serial('an image that kills its decoder is named; those before and after it are decoded', async (t) => {
  const decode = decoderOf(t);
  const good = await readFile(goldenPath('pictures/landscape.jpg'));
  const results = await Promise.allSettled([
    decode(good),
    decode(Buffer.from(deadly)),
    decode(good),
    decode(Buffer.from('no picture')),
    // Larger than what the pipe to the decoder holds, so that sending it fails too.
    decode(Buffer.concat([Buffer.from(deadly), Buffer.alloc(8_000_000)])),
    decode(good),
  ]);
  t.deepEqual(
    results.map((result) => (result.status === 'fulfilled' ? result.value.format : result.reason.code)),
    ['jpeg', 'decoder_crashed', 'jpeg', 'unsupported_format', 'decoder_crashed', 'jpeg'],
  );
});

test.serial('a decoder that died between two images is replaced', async (t) => {
  const decode = decoderOf(t);
  const good = await readFile(goldenPath('pictures/landscape.jpg'));
  await decode(good);
  const children = childrenOf(process.pid, 'deadly-decoder');
  for (const child of children) process.kill(child, 'SIGKILL');
  t.true(children.length > 0);
  t.is((await decode(good)).format, 'jpeg', 'the image is not to blame');
});
