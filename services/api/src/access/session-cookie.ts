import type { CookieSerializeOptions } from '@fastify/cookie';
import type { FastifyRequest } from 'fastify';

/** Holds the key itself: the service keeps no sessions, and a key that is taken back ends them. */
export const keyCookie = 'tuhai_key';

const ageSMax = 7 * 86_400;

/** Pictures and event streams cannot send headers, so the page's key travels in a cookie that no script reads. */
export const cookieOptions = ({ protocol, headers }: FastifyRequest): CookieSerializeOptions => ({
  path: '/',
  httpOnly: true,
  sameSite: 'strict',
  secure: protocol === 'https' || headers['x-forwarded-proto'] === 'https',
  maxAge: ageSMax,
});
