import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** Files to be, by path; a text, or chunks to come. */
export type Files = readonly { path: string; content: string | AsyncIterable<string | Uint8Array> }[];

/**
 * Writes all of them or none: each under a name of its own beside the final one, to be renamed at the end.
 * Somebody who is interrupted, or runs out of disk, leaves no half file that looks whole.
 */
export async function writeWholeFiles(files: Files, signal: AbortSignal): Promise<void> {
  const parts = files.map(({ path, content }) => ({
    path,
    content,
    part: join(dirname(path), `.${basename(path)}.${process.pid}.part`),
  }));
  try {
    for (const { part, content } of parts) {
      await mkdir(dirname(part), { recursive: true });
      if (typeof content === 'string') await writeFile(part, content, { signal });
      else
        await pipeline(
          Readable.from(content, { objectMode: true }),
          createWriteStream(part, { flush: true }),
          { signal },
        );
    }
    for (const { part, path } of parts) await rename(part, path);
  } catch (error) {
    await Promise.all(parts.map(({ part }) => rm(part, { force: true })));
    throw error;
  }
}
