import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';

export interface PeerTask {
  /** The pictures, which are read before the clock starts. */
  files: string[];
  batchSize: number;
}

/**
 * The peer's side of a measurement, by lines of JSON on stdin and stdout: a task comes, "ready" goes; an empty line
 * comes, and the first embeddings go when all are done.
 */
export async function servePeer(
  embed: (images: Uint8Array[], batchSize: number) => Promise<ArrayLike<number>[]>,
): Promise<void> {
  say('loaded');
  let task: PeerTask | undefined;
  let images: Uint8Array[] = [];
  for await (const line of createInterface(process.stdin)) {
    if (line !== '') {
      task = JSON.parse(line) as PeerTask;
      images = await Promise.all(task.files.map((file) => readFile(file)));
      say('ready');
    } else {
      const embeddings = await embed(images, task?.batchSize ?? 1);
      say(embeddings.slice(0, 8).map((row) => Array.from(row)));
    }
  }
}

const say = (message: unknown) => process.stdout.write(`${JSON.stringify(message)}\n`);
