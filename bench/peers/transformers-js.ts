import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { servePeer } from './serve-peer.js';

/** As its documentation has it. argv: the folder it is installed in, bundle, dtype (fp32 or q8). */
const [installed = '', bundle = '', dtype = ''] = process.argv.slice(2);
const require = createRequire(join(installed, 'package.json'));
const { AutoProcessor, CLIPVisionModelWithProjection, RawImage, env } = await import(
  pathToFileURL(require.resolve('@huggingface/transformers')).href
);
env.allowRemoteModels = false;
const local = { local_files_only: true, device: 'cpu', dtype };
const processor = await AutoProcessor.from_pretrained(bundle, local);
const model = await CLIPVisionModelWithProjection.from_pretrained(bundle, local);

await servePeer(async (images, batchSize) => {
  const embeddings: Float32Array[] = [];
  for (let at = 0; at < images.length; at += batchSize) {
    const batch = await Promise.all(
      images
        .slice(at, at + batchSize)
        .map((bytes) => RawImage.fromBlob(new Blob([bytes as Uint8Array<ArrayBuffer>]))),
    );
    const { image_embeds: output } = await model(await processor(batch));
    const [count, dimension] = output.dims as [number, number];
    for (let row = 0; row < count; row++)
      embeddings.push(output.data.slice(row * dimension, (row + 1) * dimension));
  }
  return embeddings;
});
