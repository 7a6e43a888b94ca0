import { effect, signal, type Signal } from '@preact/signals';

/** One of a few values, kept in the browser under `name`; a browser that keeps nothing starts anew each time. */
export function remembered<T extends string>(name: string, accepted: readonly T[], otherwise: T): Signal<T> {
  const key = `tuhai.${name}`;
  const stored = read(key);
  const value = signal(accepted.find((one) => one === stored) ?? otherwise);
  effect(() => write(key, value.value === otherwise ? '' : value.value));
  return value;
}

function read(key: string): string {
  try {
    return localStorage.getItem(key) ?? '';
  } catch {
    return '';
  }
}

function write(key: string, value: string): void {
  try {
    if (value) localStorage.setItem(key, value);
    else localStorage.removeItem(key);
  } catch (error) {
    console.warn('nothing is remembered', error);
  }
}
