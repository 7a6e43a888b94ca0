/**
 * A listing broke off although it was set up rightly: the source is out of reach, busy, or changed meanwhile.
 * Listing again after the last page's cursor can help. (A source that is named or configured wrongly is a UsageError.)
 */
export class SourceError extends Error {
  override name = 'SourceError';
}
