import { UsageError } from '@tuhai/core/usage-error';
import type { Logger } from 'pino';
import type { Api } from './schema-validation.js';

/**
 * @returns the address to open
 * @throws {UsageError} when the address cannot be listened on
 */
export async function listen(
  api: Api,
  { host, port, log }: { host: string; port: number; log: Logger },
): Promise<string> {
  const url = await api
    .listen({ host, port, listenTextResolver: (address) => `the API listens at ${address}` })
    .catch((error: Error & { code?: string }) => {
      const reason = reasons[error.code ?? ''];
      if (reason === undefined) throw error;
      throw new UsageError(`API_HOST ${host}, API_PORT ${port}: ${reason}`, { cause: error });
    });
  if (!isLoopback(host)) {
    log.warn(
      { host },
      'the API asks for no key and listens beyond this machine: whoever reaches it can search and see images',
    );
  }
  return url;
}

const reasons: Readonly<Record<string, string>> = {
  EADDRINUSE: 'something else listens there already',
  EADDRNOTAVAIL: 'this machine has no such address',
  EACCES: 'not allowed to listen there',
  ENOTFOUND: 'no such host',
};

const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host);
