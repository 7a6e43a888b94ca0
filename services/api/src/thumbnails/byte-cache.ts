/** Keeps what was asked for last, up to so many bytes in all. */
export class ByteCache {
  readonly #entries = new Map<string, Buffer>();
  #sizeBytes = 0;

  constructor(readonly bytesMax: number) {}

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  get(key: string): Buffer | undefined {
    const value = this.#take(key);
    if (value) this.#put(key, value);
    return value;
  }

  /** What alone is larger than the cache is not kept. */
  set(key: string, value: Buffer): void {
    this.#take(key);
    if (value.length > this.bytesMax) return;
    this.#put(key, value);
    for (const oldest of this.#entries.keys()) {
      if (this.#sizeBytes <= this.bytesMax) return;
      this.#take(oldest);
    }
  }

  /** A Map remembers the order in which its keys were added: the first is the one not asked for the longest. */
  #put(key: string, value: Buffer): void {
    this.#entries.set(key, value);
    this.#sizeBytes += value.length;
  }

  #take(key: string): Buffer | undefined {
    const value = this.#entries.get(key);
    if (value && this.#entries.delete(key)) this.#sizeBytes -= value.length;
    return value;
  }
}
