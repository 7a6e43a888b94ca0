import { execFile } from 'node:child_process';
import { appendFile, cp, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { readBundle } from '@tuhai/core/model/bundle';
import test, { type ExecutionContext } from 'ava';
import { goldenPath } from '../golden/golden.js';

test('a bundle is read with what transformers would take for granted', async (t) => {
  const bundle = await readBundle(goldenPath('tiny-clip'));
  t.like(bundle, {
    name: 'tiny-clip',
    variants: ['fp32', 'fp16'],
    family: 'clip',
    precision: 'fp32',
    dimension: 12,
    contextLength: 24,
    scoring: 'softmax',
    logitScaleFrom: 'manifest',
    logitBias: 0,
    preprocessing: { resize: { kind: 'shortest_edge', edge: 30 }, output: { width: 32, height: 32 } },
  });
  t.is(bundle.logitScale.toFixed(3), Math.exp(3.2).toFixed(3));
  const chinese = await readBundle(goldenPath('tiny-chinese-clip'));
  t.like(chinese, { family: 'chinese_clip', contextLength: 52, logitScaleFrom: 'graph' });
  t.is(chinese.logitScale.toFixed(3), Math.exp(3.2).toFixed(3));
  const silent = await copy(t, 'tiny-clip');
  await rm(join(silent, 'manifest.json'));
  t.like(await readBundle(silent), { logitScale: 100, logitScaleFrom: 'family' });
});

test('what is not as usual is in the name', async (t) => {
  const { name } = await readBundle(goldenPath('tiny-clip'), { precision: 'fp16', preprocessing: 'fast' });
  t.is(name, 'tiny-clip-fp16-fast');
});

test('whatever decides an embedding changes the fingerprint, and nothing else does', async (t) => {
  const before = (await readBundle(await copy(t, 'tiny-clip'))).fingerprint;
  t.is((await readBundle(await copy(t, 'tiny-clip'))).fingerprint, before, 'the folder does not count');
  const after = async (change: (dir: string) => Promise<void>): Promise<string> => {
    const dir = await copy(t, 'tiny-clip');
    await change(dir);
    return (await readBundle(dir)).fingerprint;
  };
  const fingerprints = await Promise.all([
    after((dir) => flipByte(join(dir, 'onnx', 'vision_model.onnx'))),
    after((dir) => flipByte(join(dir, 'onnx', 'text_model.onnx'))),
    after((dir) => editJson(join(dir, 'preprocessor_config.json'), { resample: 2 })),
    after((dir) => editJson(join(dir, 'preprocessor_config.json'), { image_mean: [0.5, 0.5, 0.5] })),
    after((dir) => appendFile(join(dir, 'tokenizer.json'), '\n')),
    after((dir) => editJson(join(dir, 'config.json'), { text_config: { max_position_embeddings: 16 } })),
    after((dir) => editJson(join(dir, 'tokenizer_config.json'), { padding_side: 'left' })),
    readBundle(goldenPath('tiny-clip'), { preprocessing: 'fast' }).then((bundle) => bundle.fingerprint),
    readBundle(goldenPath('tiny-clip'), { precision: 'fp16' }).then((bundle) => bundle.fingerprint),
  ]);
  t.is(new Set([before, ...fingerprints]).size, fingerprints.length + 1);
  t.is(await after((dir) => editJson(join(dir, 'preprocessor_config.json'), { do_rescale: true })), before);
  t.is(await after((dir) => editJson(join(dir, 'manifest.json'), { logit_scale: 50 })), before);
});

test('weights in another file count too', async (t) => {
  const dir = await copy(t, 'tiny-chinese-clip');
  await cp(goldenPath('external'), join(dir, 'onnx'), { recursive: true });
  const before = (await readBundle(dir)).fingerprint;
  await flipByte(join(dir, 'onnx', 'model.onnx_data'));
  t.not((await readBundle(dir)).fingerprint, before);
  await rm(join(dir, 'onnx', 'model.onnx_data'));
  await t.throwsAsync(readBundle(dir), {
    name: 'UsageError',
    message: /keeps weights in .*model\.onnx_data, which is missing/,
  });
});

test('transformers.js names and places are found', async (t) => {
  const dir = await copy(t, 'tiny-clip');
  for (const tower of ['vision_model', 'text_model']) {
    await rename(join(dir, 'onnx', `${tower}_fp16.onnx`), join(dir, `${tower}_quantized.onnx`));
  }
  t.is((await readBundle(dir, { precision: 'int8' })).files.image, join(dir, 'vision_model_quantized.onnx'));
  await rm(join(dir, 'onnx'), { recursive: true });
  t.like(await readBundle(dir), { precision: 'int8', name: 'tiny-clip-int8', variants: ['int8'] });
  await t.throwsAsync(readBundle(dir, { precision: 'fp16' }), {
    name: 'UsageError',
    message: /no fp16 graphs; the bundle has int8/,
  });
});

const broken: [string, (dir: string) => Promise<void>, RegExp][] = [
  ['no folder', (dir) => rm(dir, { recursive: true }), /no such model folder/],
  ['no config.json', (dir) => rm(join(dir, 'config.json')), /is no model bundle:\n {2}no config\.json$/],
  [
    'a file',
    (dir) => rm(dir, { recursive: true }).then(() => writeFile(dir, '')),
    /is a file; a model bundle is a folder/,
  ],
  [
    'an empty folder',
    (dir) => rm(dir, { recursive: true }).then(() => mkdir(dir)),
    /no model bundle:\n {2}the folder is empty$/,
  ],
  [
    'a folder of bundles',
    (dir) =>
      rm(dir, { recursive: true }).then(() =>
        cp(goldenPath('tiny-clip'), join(dir, 'inner'), { recursive: true }),
      ),
    /no config\.json: there is one in inner\n {2}no preprocessor_config\.json: there is one in inner\n/,
  ],
  ['no JSON', (dir) => writeFile(join(dir, 'config.json'), '{'), /config\.json: no JSON/],
  [
    'another kind of model',
    (dir) => editJson(join(dir, 'config.json'), { model_type: 'bert' }),
    /model_type "bert"; known are clip, chinese_clip, siglip/,
  ],
  ['no tokenizer', (dir) => rm(join(dir, 'tokenizer.json')), /bundle:\n {2}no tokenizer\.json$/],
  ['no preprocessing', (dir) => rm(join(dir, 'preprocessor_config.json')), /no preprocessor_config\.json/],
  [
    'an unknown filter',
    (dir) => editJson(join(dir, 'preprocessor_config.json'), { resample: 9 }),
    /resample is 9/,
  ],
  [
    'pictures of no fixed size',
    (dir) => editJson(join(dir, 'preprocessor_config.json'), { do_center_crop: false }),
    /different sizes/,
  ],
  ['no graphs', (dir) => rm(join(dir, 'onnx'), { recursive: true }), /bundle:\n {2}no ONNX graphs$/],
  [
    'graphs too deep',
    (dir) => rename(join(dir, 'onnx'), join(dir, 'exported')),
    /there is exported\/text_model\.onnx, but they belong into onnx\//,
  ],
  [
    'half a model',
    (dir) =>
      rm(join(dir, 'onnx', 'text_model.onnx')).then(() => rm(join(dir, 'onnx', 'text_model_fp16.onnx'))),
    /there is onnx\/vision_model/,
  ],
  [
    'graphs of 4 bits',
    async (dir) => {
      for (const tower of ['vision_model', 'text_model']) {
        await rm(join(dir, `onnx/${tower}_fp16.onnx`));
        await rename(join(dir, `onnx/${tower}.onnx`), join(dir, `onnx/${tower}_q4.onnx`));
      }
    },
    /there is onnx\/text_model_q4\.onnx, onnx\/vision_model_q4\.onnx\. Those of 4 bits are not run here/,
  ],
  [
    "Chinese-CLIP's own export",
    async (dir) => {
      await rm(join(dir, 'config.json'));
      await rename(join(dir, 'onnx/vision_model.onnx'), join(dir, 'vit-b-16.img.fp32.onnx'));
    },
    /no config\.json: there is vit-b-16\.img\.fp32\.onnx of Chinese-CLIP's own export.*with tools\/export/,
  ],
  [
    'a checkpoint',
    async (dir) => {
      await rm(join(dir, 'onnx'), { recursive: true });
      await rename(join(dir, 'tokenizer.json'), join(dir, 'vocab.txt'));
      await writeFile(join(dir, 'model.safetensors'), '');
    },
    /no tokenizer\.json: there is vocab\.txt, out of.*\n {2}no ONNX graphs: there is model\.safetensors, a PyTorch checkpoint: export it/,
  ],
  [
    'a graph that is none',
    (dir) => writeFile(join(dir, 'onnx', 'vision_model.onnx'), 'version https://git-lfs.github.com/spec/v1'),
    /no ONNX model/,
  ],
];

for (const [what, breakIt, message] of broken) {
  test(`${what}: said clearly`, async (t) => {
    const dir = await copy(t, 'tiny-clip');
    await breakIt(dir);
    await t.throwsAsync(readBundle(dir), { name: 'UsageError', message });
  });
}

test('reading a bundle loads neither onnxruntime nor sharp', async (t) => {
  const script = `
    await import('@tuhai/core/model/bundle');
    const loaded = process.report.getReport().sharedObjects.filter((path) => /onnxruntime|sharp|vips/.test(path));
    console.log(JSON.stringify(loaded));`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
    cwd: new URL('../../packages/core/', import.meta.url),
  });
  t.deepEqual(JSON.parse(stdout), []);
});

async function copy(t: ExecutionContext, name: string): Promise<string> {
  const dir = join(await mkdtemp(join(tmpdir(), 'tuhai-bundle-')), name);
  t.teardown(() => rm(join(dir, '..'), { recursive: true, force: true }));
  await mkdir(dir);
  await cp(goldenPath(name), dir, { recursive: true });
  return dir;
}

async function flipByte(path: string): Promise<void> {
  const bytes = await readFile(path);
  const at = bytes.length - 40;
  bytes[at] = (bytes[at] as number) ^ 1;
  await writeFile(path, bytes);
}

async function editJson(path: string, change: object): Promise<void> {
  await writeFile(
    path,
    JSON.stringify({ ...(JSON.parse(await readFile(path, 'utf8')) as object), ...change }),
  );
}
