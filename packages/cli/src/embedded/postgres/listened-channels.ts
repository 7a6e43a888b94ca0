const comment = /--[^\n]*|\/\*[\s\S]*?\*\//g;
const listenStatement = /(?:^|;)\s*(un)?listen\s+(?:(\*)|"((?:[^"]|"")+)"|([\p{L}_][\p{L}\p{N}_$]*))/giu;

/**
 * The channels a client listens to after it ran `sql`, which may be several statements with comments, as BullMQ's
 * are. LISTEN inside a function is not seen.
 */
export function channelsAfter(sql: string, channels: ReadonlySet<string>): Set<string> {
  const result = new Set(channels);
  for (const [, un, all, quoted, plain] of sql.replaceAll(comment, '').matchAll(listenStatement)) {
    const channel = quoted?.replaceAll('""', '"') ?? plain?.toLowerCase() ?? '';
    if (!un) result.add(channel);
    else if (all) result.clear();
    else result.delete(channel);
  }
  return result;
}

/** LISTEN statements for `channels`, one query. */
export function listenSql(channels: Iterable<string>): string {
  return [...channels].map((channel) => `listen "${channel.replaceAll('"', '""')}";`).join('');
}
