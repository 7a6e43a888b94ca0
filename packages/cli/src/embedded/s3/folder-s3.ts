import { realpathSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { readByteRange } from './byte-range.js';
import { folderKeys, openObject } from './folder-bucket.js';
import { listObjectsXml } from './list-objects-xml.js';
import { S3Error } from './s3-error.js';
import { xmlDocument } from './s3-xml.js';

export interface FolderS3 {
  /** For path-style clients, `http://127.0.0.1:PORT`; any credentials do. */
  endpoint: string;
  close(): Promise<void>;
}

/**
 * Serves a folder as a read-only S3 bucket on the loopback interface: ListObjectsV2, HeadBucket, HEAD and GET of
 * objects with Range, If-Match and If-None-Match. Keys are the paths below the folder. It is the demo's S3 and not
 * more: no signatures, no writes, no virtual-host style.
 *
 * @param options.port default: any free one
 */
export async function startFolderS3(options: {
  directory: string;
  bucket: string;
  port?: number;
}): Promise<FolderS3> {
  const directory = realpathSync(options.directory);
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => answerError(request, response, error));
  });
  // The names of a listing are read once, when its first page is asked for.
  let keys: string[] | undefined;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      throw new S3Error('MethodNotAllowed', 'This bucket is read-only.', {
        allow: 'GET, HEAD',
        connection: 'close',
      });
    }
    const { bucket, key, query } = readTarget(request.url ?? '/');
    if (bucket !== options.bucket) throw new S3Error('NoSuchBucket', 'The specified bucket does not exist.');
    if (key !== '') return answerObject(request, response, key);
    if (request.method === 'HEAD') return void response.end();
    if (query.has('location')) return answerXml(response, xmlDocument('LocationConstraint', {}));
    if (!keys || !query.has('continuation-token')) keys = await folderKeys(directory);
    answerXml(response, await listObjectsXml({ directory, bucket, keys, query }));
  }

  async function answerObject(
    request: IncomingMessage,
    response: ServerResponse,
    key: string,
  ): Promise<void> {
    const { file, sizeBytes, etag, lastModified } = await openObject(directory, key);
    try {
      const headers = { etag, 'last-modified': lastModified.toUTCString(), 'accept-ranges': 'bytes' };
      if (excludes(request.headers['if-match'], etag)) {
        throw new S3Error(
          'PreconditionFailed',
          'At least one of the pre-conditions you specified did not hold.',
        );
      }
      const ifNoneMatch = request.headers['if-none-match'];
      if (ifNoneMatch !== undefined && !excludes(ifNoneMatch, etag)) {
        response.writeHead(304, headers).end();
        return;
      }
      const range = readByteRange(request.headers.range, sizeBytes);
      if (range === 'unsatisfiable') {
        const contentRange = { 'content-range': `bytes */${sizeBytes}` };
        throw new S3Error('InvalidRange', 'The requested range is not satisfiable.', contentRange);
      }
      const { start, end } = range ?? { start: 0, end: sizeBytes - 1 };
      response.writeHead(range ? 206 : 200, {
        ...headers,
        'content-type': 'application/octet-stream',
        'content-length': end - start + 1,
        ...(range ? { 'content-range': `bytes ${start}-${end}/${sizeBytes}` } : {}),
      });
      if (request.method === 'HEAD' || sizeBytes === 0) return void response.end();
      const bytes = file.createReadStream({ start, end, autoClose: false });
      await pipeline(bytes, response);
      // The file shrank: a client that waits for the rest must not wait for ever.
      if (bytes.bytesRead <= end - start) response.destroy();
    } finally {
      await file.close();
    }
  }

  // Longer than clients keep idle connections, so that none is closed under a request.
  server.keepAliveTimeout = 65_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

/** Splits a request target by hand: URL would resolve the `..` and `.` of a key. */
function readTarget(target: string): { bucket: string; key: string; query: URLSearchParams } {
  const queryAt = target.indexOf('?');
  const path = queryAt < 0 ? target : target.slice(0, queryAt);
  const query = new URLSearchParams(queryAt < 0 ? '' : target.slice(queryAt + 1));
  try {
    const [, bucket = '', key = ''] = /^\/([^/]*)\/?(.*)$/s.exec(decodeURIComponent(path)) ?? [];
    return { bucket, key, query };
  } catch (cause) {
    throw new S3Error('InvalidURI', "Couldn't parse the specified URI.", {}, { cause });
  }
}

function excludes(header: string | undefined, etag: string): boolean {
  if (header === undefined || header.trim() === '*') return false;
  return !header
    .split(',')
    .some((one) => one.trim().replace(/^W\//, '') === etag || `"${one.trim()}"` === etag);
}

function answerXml(response: ServerResponse, xml: string): void {
  response
    .writeHead(200, { 'content-type': 'application/xml', 'content-length': Buffer.byteLength(xml) })
    .end(xml);
}

function answerError(request: IncomingMessage, response: ServerResponse, error: unknown): void {
  // Too late for an answer (the client went away, the file shrank): only a broken connection tells it.
  if (response.headersSent) return void response.destroy();
  const known = error instanceof S3Error ? error : new S3Error('InternalError', String(error));
  const xml = known.toXml(request.url ?? '/');
  const length = { 'content-type': 'application/xml', 'content-length': Buffer.byteLength(xml) };
  response
    .writeHead(known.status, { ...length, ...known.headers })
    .end(request.method === 'HEAD' ? undefined : xml);
}
