import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';

/** What a client asks of S3, as far as a fault may depend on it. */
export interface S3Request {
  method: string;
  /** `/bucket/key`, decoded. */
  path: string;
  query: URLSearchParams;
  /** How many requests of the same method and path came before. */
  seenBefore: number;
}

/** How an answer goes wrong. Nothing: the request passes through untouched. */
export type Fault =
  /** An S3 error document; `body` instead of it, for a gateway that answers in its own words. */
  | { kind: 'status'; status: number; code?: string; body?: string }
  /** The announced length is the true one, the connection is cut after so many bytes. */
  | { kind: 'cut'; afterBytes: number }
  /** The true body, its length not announced. */
  | { kind: 'unannounced' }
  /** No fault but a right of services: pages of a listing are shorter than was asked for. */
  | { kind: 'short pages'; keysMax: number }
  /** The answer without any ETag, in headers or listing. */
  | { kind: 'etagless' }
  /** One byte every `everyMs`. */
  | { kind: 'slow'; everyMs: number }
  | { kind: 'hang' }
  /** The connection is cut before anything is answered. */
  | { kind: 'reset' };

export interface FaultyS3 {
  endpoint: string;
  stop(): Promise<void>;
}

/** A real HTTP proxy before an S3 endpoint which answers wrongly where `fault` says so. */
export async function startFaultyS3(options: {
  target: string;
  fault: (request: S3Request) => Fault | undefined;
}): Promise<FaultyS3> {
  const requests: S3Request[] = [];
  const server = createServer((incoming, outgoing) => {
    const asked = describe(incoming, requests);
    requests.push(asked);
    outgoing.on('error', () => outgoing.destroy());
    answer({ incoming, outgoing, target: options.target, fault: options.fault(asked) });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port came');
  return {
    endpoint: `http://127.0.0.1:${address.port}`,
    stop: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

function describe(incoming: IncomingMessage, before: readonly S3Request[]): S3Request {
  const url = new URL(incoming.url ?? '/', 'http://s3');
  const method = incoming.method ?? 'GET';
  const path = decodeURIComponent(url.pathname);
  const seenBefore = before.filter((other) => other.method === method && other.path === path).length;
  return { method, path, query: url.searchParams, seenBefore };
}

interface Exchange {
  incoming: IncomingMessage;
  outgoing: ServerResponse;
  target: string;
  fault: Fault | undefined;
}

function answer({ incoming, outgoing, target, fault }: Exchange): void {
  if (fault?.kind === 'hang') return;
  if (fault?.kind === 'reset') return void incoming.socket.resetAndDestroy();
  if (fault?.kind === 'status') return answerStatus(outgoing, fault);
  const { hostname, port } = new URL(target);
  const { method, headers } = incoming;
  const path = pathFor(incoming, fault);
  const forwarded = request({ hostname, port, method, path, headers }, (upstream) => {
    void passOn(upstream, outgoing, fault);
  });
  forwarded.on('error', () => outgoing.destroy());
  incoming.pipe(forwarded);
}

function pathFor({ url = '/' }: IncomingMessage, fault: Fault | undefined): string {
  return fault?.kind === 'short pages' ? url.replace(/max-keys=\d+/, `max-keys=${fault.keysMax}`) : url;
}

function answerStatus(outgoing: ServerResponse, { status, code, body }: Fault & { kind: 'status' }): void {
  const document = `<?xml version="1.0"?><Error><Code>${code}</Code><Message>Injected.</Message></Error>`;
  const content = body ?? (code === undefined ? '' : document);
  outgoing.writeHead(status, {
    'content-type': body === undefined ? 'application/xml' : 'text/html',
    'content-length': Buffer.byteLength(content),
  });
  outgoing.end(content);
}

async function passOn(
  upstream: IncomingMessage,
  outgoing: ServerResponse,
  fault: Fault | undefined,
): Promise<void> {
  const { 'transfer-encoding': _, ...headers } = upstream.headers;
  let bytes = Buffer.concat(await upstream.toArray());
  if (fault?.kind === 'etagless') {
    delete headers['etag'];
    const isXml = headers['content-type']?.includes('xml');
    if (isXml) bytes = Buffer.from(bytes.toString().replaceAll(/<ETag>.*?<\/ETag>/g, ''));
    headers['content-length'] = String(bytes.length);
  }
  if (fault?.kind === 'unannounced') delete headers['content-length'];
  outgoing.writeHead(upstream.statusCode ?? 502, headers);
  if (fault?.kind === 'cut') {
    // A reset discards what the other side has not read yet: leave it a moment.
    outgoing.write(bytes.subarray(0, fault.afterBytes));
    setTimeout(() => outgoing.socket?.resetAndDestroy(), 50);
  } else if (fault?.kind === 'slow') {
    trickle(bytes, outgoing, fault.everyMs);
  } else {
    outgoing.end(bytes);
  }
}

function trickle(bytes: Buffer, outgoing: ServerResponse, everyMs: number): void {
  let sent = 0;
  const timer = setInterval(() => {
    outgoing.write(bytes.subarray(sent, ++sent));
    if (sent < bytes.length) return;
    clearInterval(timer);
    outgoing.end();
  }, everyMs);
  outgoing.once('close', () => clearInterval(timer));
}
