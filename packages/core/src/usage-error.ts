/** Wrong usage or configuration: the message says what is wrong and what would be right. Exit code 2, HTTP 400. */
export class UsageError extends Error {
  override name = 'UsageError';
}
