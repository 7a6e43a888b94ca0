import type { S3Request } from '../rig/faulty-s3.js';
import { putAll, type TestStack } from '../e2e/on-each-stack.js';
import { pictures } from '../e2e/pictures.js';

export const isPicture = ({ method, path }: S3Request): boolean =>
  method === 'GET' && path.includes('/pictures/');

/** So many pictures, each of which takes about half a second to come: a run has a middle then. */
export async function slowBucket(stack: TestStack, count: number): Promise<string[]> {
  const all = await pictures(count);
  await putAll(stack, all);
  stack.fault = (request) => (isPicture(request) ? { kind: 'slow', everyMs: 1 } : undefined);
  return Object.keys(all);
}
