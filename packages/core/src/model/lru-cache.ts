/** Keeps the `entriesMax` values that were asked for last. */
export class LruCache<K, V> {
  readonly #entries = new Map<K, V>();

  constructor(readonly entriesMax: number) {}

  get(key: K): V | undefined {
    const value = this.#entries.get(key);
    if (value === undefined) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, value);
    return value;
  }

  set(key: K, value: V): void {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    if (this.#entries.size <= this.entriesMax) return;
    const [oldest] = this.#entries.keys();
    this.#entries.delete(oldest as K);
  }
}
