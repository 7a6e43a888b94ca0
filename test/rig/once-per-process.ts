/** Makes an expensive start happen once in a test process: everybody gets the same. */
export function oncePerProcess<T>(start: () => Promise<T>): () => Promise<T> {
  let started: Promise<T> | undefined;
  return () => (started ??= start());
}
