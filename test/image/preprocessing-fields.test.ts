import { readFile } from 'node:fs/promises';
import { configureSharp } from '@tuhai/core/image/configure-sharp';
import { decodeImage } from '@tuhai/core/image/decode-image';
import { defaultImageLimits } from '@tuhai/core/image/limits';
import { readPreprocessing } from '@tuhai/core/image/preprocessing';
import { byteInputName, takeBytes } from '@tuhai/core/model/byte-input';
import { families } from '@tuhai/core/model/families';
import { inMemory } from '@tuhai/core/model/wire-format';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import test from 'ava';
import { goldenPath } from '../golden/golden.js';

configureSharp();

/** One line of test/golden/preprocessing.json, which tools/reference/make_preprocessing.py makes. */
interface Case {
  family: 'clip' | 'siglip';
  fields: Record<string, unknown>;
  picture: string;
  width: number;
  height: number;
  from: number;
  values: number[];
}

const cases = JSON.parse(await readFile(goldenPath('preprocessing.json'), 'utf8')) as Case[];
const golden = await readFile(goldenPath('preprocessing.bin'));
const identity = await readFile(goldenPath('layouts/identity.onnx'));

for (const { family, fields, picture, ...expected } of cases) {
  test(`${picture} as ${family} with ${JSON.stringify(fields)}`, async (t) => {
    const preprocessing = readPreprocessing(fields, families[family].preprocessing, 'x.json');
    const { width, height } = expected;
    t.deepEqual(preprocessing.output, { width, height });
    const bytes = await readFile(goldenPath(picture));
    const { pixels } = await decodeImage(bytes, preprocessing, defaultImageLimits);
    const wanted = golden.subarray(expected.from, expected.from + width * height * 3);
    t.deepEqual(new Uint8Array(pixels), new Uint8Array(wanted));

    // From the reference's own pixels, so that only the arithmetic is held against it.
    const { onnx } = takeBytes(inMemory(identity), preprocessing);
    const session = await InferenceSession.create(onnx);
    const input = new Tensor('uint8', Uint8Array.from(wanted), [1, height, width, 3]);
    const { out } = await session.run({ [byteInputName]: input });
    await session.release();
    const values = out?.data as Float32Array;
    expected.values.forEach((value, i) => {
      const got = values[i * 97] as number;
      t.true(Math.abs(got - value) < 1e-5 * Math.max(1, Math.abs(value)), `${got} is not ${value}`);
    });
  });
}
