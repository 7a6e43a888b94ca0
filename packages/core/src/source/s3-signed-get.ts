import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { SignatureV4 } from '@smithy/signature-v4';
import { Agent as HttpAgent, type IncomingMessage, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { S3Address } from './s3-objects.js';

const connectTimeoutMs = 5_000;
/** Above the fetches that one worker has under way, so that the agent never queues. */
const agentOptions = { keepAlive: true, maxSockets: 256 };
const emptySha256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

/** How the SDK asks for the objects of one bucket: what its endpoint rules made of endpoint, region and bucket. */
interface BucketRoute {
  protocol: string;
  hostname: string;
  port?: number;
  /** Of every request, `/` or `/bucket/`; the encoded key follows. */
  pathPrefix: string;
  headers: Record<string, string>;
  signer: SignatureV4;
  agent: HttpAgent | HttpsAgent;
}

const routes = new WeakMap<S3Client, Map<string, Promise<BucketRoute | undefined>>>();

/**
 * One GET, signed and sent without the SDK's middleware, for a quarter of its CPU time. No retries, and no status is an
 * error: what goes wrong here is for the SDK to judge (see fetchS3Object).
 * @returns undefined for buckets that want more than a plain signature (S3 Express, multi-region access points)
 * @throws errors of sockets as they are; those of the SDK when no credentials or region are to be had
 */
export async function signedGet(
  client: S3Client,
  { bucket, key }: S3Address,
  signal: AbortSignal,
): Promise<IncomingMessage | undefined> {
  const route = await routeOf(client, bucket);
  if (!route) return undefined;
  const { protocol, hostname, port, headers, signer, agent } = route;
  const path = route.pathPrefix + encodeKey(key);
  // The SDK learns by how much this machine's clock is wrong when a service refuses a signature for it.
  const signingDate = new Date(Date.now() + client.config.systemClockOffset);
  const address = { protocol, hostname, path, ...(port !== undefined && { port }) };
  const signed = await signer.sign({ method: 'GET', ...address, headers, query: {} }, { signingDate });
  return new Promise((resolve, reject) => {
    const send = protocol === 'https:' ? httpsRequest : httpRequest;
    const request = send({ ...address, headers: signed.headers, agent, signal }, resolve);
    request.on('error', reject);
    request.once('socket', (socket) => {
      if (!socket.connecting) return;
      const timer = setTimeout(() => {
        const error = new Error(`no connection within ${connectTimeoutMs} ms`);
        request.destroy(Object.assign(error, { name: 'TimeoutError' }));
      }, connectTimeoutMs);
      const stop = (): void => clearTimeout(timer);
      socket.once('connect', stop).once('close', stop);
    });
    request.end();
  });
}

function routeOf(client: S3Client, bucket: string): Promise<BucketRoute | undefined> {
  const known = routes.get(client) ?? new Map<string, Promise<BucketRoute | undefined>>();
  routes.set(client, known);
  const route = known.get(bucket) ?? learnRoute(client, bucket);
  known.set(bucket, route);
  // Credentials may come later.
  route.catch(() => known.delete(bucket));
  return route;
}

/** Lets the SDK make a request for a key of one letter, and takes it from it before it is sent. */
async function learnRoute(client: S3Client, bucket: string): Promise<BucketRoute | undefined> {
  const command = new GetObjectCommand({ Bucket: bucket, Key: 'k' });
  let route: BucketRoute | undefined;
  command.middlewareStack.add(
    (_next, context) => async (args) => {
      route = readRoute(client, args.request as SdkRequest, context as SdkContext);
      return { response: undefined, output: { $metadata: {} } };
    },
    { step: 'finalizeRequest', priority: 'low', name: 'learnRoute' },
  );
  await client.send(command);
  return route;
}

interface SdkRequest {
  protocol: string;
  hostname: string;
  port?: number;
  path: string;
  headers: Record<string, string>;
}

interface SdkContext {
  __smithy_context?: { selectedHttpAuthScheme?: { httpAuthOption: SdkAuth } };
}

interface SdkAuth {
  schemeId: string;
  signingProperties?: { signingName?: string; signingRegion?: string };
}

function readRoute(client: S3Client, request: SdkRequest, context: SdkContext): BucketRoute | undefined {
  const auth = context.__smithy_context?.selectedHttpAuthScheme?.httpAuthOption;
  const { signingName: service, signingRegion: region } = auth?.signingProperties ?? {};
  const { protocol, hostname, port, path, headers } = request;
  const isPlain = auth?.schemeId === 'aws.auth#sigv4' && service === 's3' && region && path.endsWith('/k');
  if (!isPlain) return undefined;
  return {
    protocol,
    hostname,
    ...(port !== undefined && { port }),
    pathPrefix: path.slice(0, -1),
    headers: {
      host: headers['host'] ?? hostname,
      'user-agent': headers['user-agent'] ?? 'tuhai',
      'x-amz-content-sha256': emptySha256,
    },
    signer: new SignatureV4({
      service,
      region,
      credentials: client.config.credentials,
      sha256: client.config.sha256,
      uriEscapePath: false,
      applyChecksum: false,
    }),
    agent: protocol === 'https:' ? httpsAgent : httpAgent,
  };
}

const httpAgent = new HttpAgent(agentOptions);
const httpsAgent = new HttpsAgent(agentOptions);

/** As the SDK does it: each segment by RFC 3986, slashes kept. */
const encodeKey = (key: string): string =>
  encodeURIComponent(key)
    .replaceAll('%2F', '/')
    .replaceAll(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
