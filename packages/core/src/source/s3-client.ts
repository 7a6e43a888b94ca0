import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import { UsageError } from '../usage-error.js';
import type { S3Settings } from './s3-settings.js';

// The SDK would say at every start that it wants a newer Node; which Node we run on is for us to say.
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';

const connectionTimeoutMs = 5_000;
/** Above the fetches that one worker has under way, so that the agent never queues. */
const socketsMax = 256;

const clients = new WeakMap<S3Settings, S3Client>();

/**
 * The client for these settings: one for each settings object, so that all sources share its connections.
 * @throws {UsageError} for an endpoint that is no plain http(s) URL
 */
export function s3Client(settings: S3Settings): S3Client {
  const known = clients.get(settings);
  if (known) return known;
  const client = new S3Client(clientConfig(settings));
  clients.set(settings, client);
  return client;
}

/** Where requests go, for messages. Holds no secret: an endpoint with a password in it is refused. */
export const s3EndpointName = (settings: S3Settings): string => settings.endpoint ?? 'AWS';

function clientConfig({ endpoint, region, forcePathStyle, credentials }: S3Settings): S3ClientConfig {
  const agent = { keepAlive: true, maxSockets: socketsMax };
  const regionOfEndpoint = endpoint === undefined ? undefined : 'us-east-1';
  const chosenRegion = region ?? regionOfEndpoint;
  return {
    ...(endpoint === undefined ? {} : { endpoint: checkedEndpoint(endpoint) }),
    ...(chosenRegion === undefined ? {} : { region: chosenRegion }),
    ...(credentials === undefined ? {} : { credentials }),
    forcePathStyle: forcePathStyle ?? endpoint !== undefined,
    followRegionRedirects: endpoint === undefined,
    retryMode: 'standard',
    maxAttempts: 3,
    // Optional checksums are an extension that many compatible services lack or get wrong.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: { connectionTimeout: connectionTimeoutMs, httpAgent: agent, httpsAgent: agent },
  };
}

function checkedEndpoint(endpoint: string): string {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  const isPlain = url && /^https?:$/.test(url.protocol) && url.username === '' && url.password === '';
  if (isPlain) return endpoint;
  throw new UsageError(
    'The S3 endpoint is no plain http:// or https:// URL. Credentials belong into AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.',
  );
}
