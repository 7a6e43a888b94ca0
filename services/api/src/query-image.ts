import { getEmbedding } from '@tuhai/core/store/search-images';
import { Type } from 'typebox';
import type { ApiContext } from './api-context.js';
import { imageId } from './api-schemas.js';
import { Problem } from './problem.js';
import { readForm } from './read-form.js';
import type { FastifyRequest } from 'fastify';

/** An image that a request is about: a stored one, or an upload in a form. */
export const queryImageFields = { imageId: Type.Optional(imageId) };
export const uploadField = Type.Unsafe<unknown>({
  contentMediaType: 'image/*',
  description: 'A picture, as a file',
});

/** Reads a form into the body, before it is validated. */
export const formAsBody =
  ({ limits }: Pick<ApiContext, 'limits'>) =>
  async (request: FastifyRequest): Promise<void> => {
    if (request.isMultipart()) request.body = await readForm(request, limits.bytesMax);
    else if (request.body === undefined) throw new Problem('invalid_request', 'The body is missing');
  };

/**
 * The vector of the one image that a body names.
 * @throws {Problem | ItemFailure} for none, both, or an image that cannot be used
 */
export async function imageVector(
  { imageId: id, image }: { imageId?: number; image?: unknown },
  context: ApiContext,
): Promise<Float32Array> {
  if ((id === undefined) === (image === undefined))
    throw new Problem('invalid_request', 'body must have exactly one of imageId and image');
  if (id !== undefined) return storedVector(id, context);
  if (image instanceof Uint8Array) return context.embedImage(image);
  throw new Problem('invalid_request', 'body/image must be a file');
}

export async function storedVector(
  id: number,
  { database, model }: Pick<ApiContext, 'database' | 'model'>,
): Promise<Float32Array> {
  const vector = await getEmbedding(database, model, id);
  if (vector) return vector;
  throw new Problem('image_not_found', `There is no image ${id} that ${model.name} has embedded`);
}
