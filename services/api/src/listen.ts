import { UsageError } from '@tuhai/core/usage-error';
import type { Api } from './schema-validation.js';

/**
 * @returns the address to open
 * @throws {UsageError} when the address cannot be listened on
 */
export async function listen(api: Api, { host, port }: { host: string; port: number }): Promise<string> {
  const url = await api
    .listen({ host, port, listenTextResolver: (address) => `the API listens at ${address}` })
    .catch((error: Error & { code?: string }) => {
      const reason = reasons[error.code ?? ''];
      if (reason === undefined) throw error;
      throw new UsageError(`API_HOST ${host}, API_PORT ${port}: ${reason}`, { cause: error });
    });
  return url;
}

const reasons: Readonly<Record<string, string>> = {
  EADDRINUSE: 'something else listens there already',
  EADDRNOTAVAIL: 'this machine has no such address',
  EACCES: 'not allowed to listen there',
  ENOTFOUND: 'no such host',
};

/** @throws {UsageError} when others could reach an API that asks for no key */
export function refuseOpenToOthers({
  apiHost,
  apiKeys,
}: {
  apiHost: string;
  apiKeys: readonly unknown[];
}): void {
  if (apiKeys.length > 0 || isLoopback(apiHost)) return;
  throw new UsageError(
    `API_HOST is ${apiHost}, which others can reach: set API_KEYS ("tuhai api key NAME" makes one), or listen on 127.0.0.1`,
  );
}

const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host);
