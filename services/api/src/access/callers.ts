import { timingSafeEqual } from 'node:crypto';
import { hashApiKey, scopes, type ApiKey, type Scope } from '@tuhai/core/api-keys';

/** Who asks. */
export interface Caller {
  /** The key's name; `local` where no keys are set. */
  name: string;
  scope: Scope;
}

/** Where no keys are set, whoever reaches the loopback may do everything. */
export const localCaller: Caller = { name: 'local', scope: 'admin' };

/** The key that was presented, if it is one of these: all are compared, each in constant time. */
export function findCaller(keys: readonly ApiKey[], presented: string): Caller | undefined {
  const hash = hashApiKey(presented);
  let found: Caller | undefined;
  for (const { name, scope, sha256 } of keys) {
    if (timingSafeEqual(hash, sha256)) found = { name, scope };
  }
  return found;
}

export const allows = (held: Scope, needed: Scope): boolean => scopes.indexOf(held) >= scopes.indexOf(needed);
