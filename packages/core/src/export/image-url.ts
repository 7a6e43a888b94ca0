import { join } from 'node:path';
import { manifestBase, manifestTarget, pathOfFileUri, targetKey } from '../source/manifest-target.js';
import { manifestFormat } from '../source/read-manifest.js';
import { isS3Uri, parseS3Uri } from '../source/s3-uri.js';
import { UsageError } from '../usage-error.js';
import type { ExportedImage } from './exported-image.js';

type Place = Pick<ExportedImage, 'imageId' | 'source' | 'key'>;

/** Where an image is: `s3://bucket/key`, or an absolute path. */
export function imageAddress({ source, key }: Pick<Place, 'source' | 'key'>): string {
  if (isS3Uri(source)) {
    const { bucket, key: prefix } = parseS3Uri(source);
    if (manifestFormat(prefix) === undefined) return `s3://${bucket}/${key}`;
    return targetKey(manifestTarget(key, manifestBase({ kind: 's3', bucket, key: prefix }, undefined)));
  }
  const path = pathOfFileUri(source);
  if (manifestFormat(path) === undefined) return join(path, key);
  return targetKey(manifestTarget(key, manifestBase({ kind: 'file', path }, undefined)));
}

/**
 * @param template with `{id}` and `{key}`, as `https://tuhai.example/v1/images/{id}/thumbnail`; absent: the address
 * @throws {UsageError} for a template with neither
 */
export function imageUrl(image: Place, template: string | undefined): string {
  if (template === undefined) return imageAddress(image);
  if (!/\{(id|key)\}/.test(template))
    throw new UsageError(`The image URL "${template}" has neither {id} nor {key}`);
  const key = image.key.split('/').map(encodeURIComponent).join('/');
  return template.replaceAll(/\{(id|key)\}/g, (_, name) => (name === 'id' ? String(image.imageId) : key));
}
