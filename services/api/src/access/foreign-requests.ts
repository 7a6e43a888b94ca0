import type { FastifyRequest } from 'fastify';
import { Problem } from '../problem.js';

const isLoopbackName = (host: string): boolean =>
  /^(localhost|127\.\d+\.\d+\.\d+|\[?::1\]?)$/i.test(host.replace(/:\d+$/, ''));

/**
 * A browser sends what a page elsewhere tells it to, along with this service's cookie or from this very machine.
 * Refused are requests that change something and come from another origin without a key in their header; and, where no
 * key is asked for, requests by any name but the loopback's: another's name may be made to point here (DNS rebinding).
 * @throws {Problem} forbidden
 */
export function refuseForeignRequests(
  { method, headers, host, hostname }: FastifyRequest,
  { isOpen, origins }: { isOpen: boolean; origins: readonly string[] },
): void {
  if (isOpen && !isLoopbackName(hostname))
    throw new Problem('forbidden', 'Without API_KEYS this service answers to localhost only');
  const { origin } = headers;
  if (origin === undefined || headers.authorization !== undefined) return;
  if (method === 'GET' || method === 'HEAD' || method === 'OPTIONS') return;
  if (origins.includes(origin) || hostOf(origin) === host) return;
  throw new Problem('forbidden', 'A page of another origin needs a key in its Authorization header');
}

const hostOf = (origin: string): string | undefined =>
  URL.canParse(origin) ? new URL(origin).host : undefined;
