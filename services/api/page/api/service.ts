import { computed, signal } from '@preact/signals';
import type { Model } from './answers.js';
import { ask, isKeyWanted } from './ask.js';

/** What this service can do, by the document that it writes of itself; views of what it lacks are not shown. */
const operations = signal<ReadonlySet<string>>(new Set());
export const can = (operation: string): boolean => operations.value.has(operation);

export const model = signal<Model | undefined>(undefined);
export const isDescribed = signal(false);

interface Session {
  asksForKey: boolean;
  caller: { name: string; scope: 'read' | 'write' | 'admin' } | null;
}
export const session = signal<Session>({ asksForKey: false, caller: null });
export const mayWrite = computed(() => session.value.caller?.scope !== 'read');

/** Asks the service what it is, and who we are to it. */
export async function describeService(): Promise<void> {
  const document = await ask<{ paths: Record<string, object> }>('/openapi.json').catch(() => ({ paths: {} }));
  operations.value = new Set(
    Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path}`),
    ),
  );
  if (can('get /v1/session')) session.value = await ask<Session>('/v1/session').catch(() => session.value);
  isKeyWanted.value = session.value.asksForKey && session.value.caller === null;
  model.value = await ask<{ model: Model }>('/readyz').then(
    (ready) => ready.model,
    () => undefined,
  );
  isDescribed.value = true;
}

/** The service keeps the key in a cookie that scripts cannot read, so that pictures and events come with it. */
export async function giveKey(key: string): Promise<void> {
  await ask('/v1/session', { json: { key } });
  location.reload();
}

export async function forgetKey(): Promise<void> {
  await ask('/v1/session', { method: 'DELETE' });
  location.reload();
}
