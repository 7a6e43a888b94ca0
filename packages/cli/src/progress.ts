import { SingleBar } from 'cli-progress';

export interface Progress {
  update(done: number, total: number, note: string): void;
  stop(): void;
}

const lineEveryMs = 2_000;

/** A bar on a terminal; elsewhere a plain line every two seconds, when something has moved. */
export function createProgress(stream: NodeJS.WriteStream, unit: string): Progress {
  return stream.isTTY ? progressBar(stream, unit) : progressLines(stream, unit);
}

function progressBar(stream: NodeJS.WriteStream, unit: string): Progress {
  const format = `{bar} {percentage}%  {value}/{total} ${unit}  {note}`;
  const bar = new SingleBar({
    stream,
    format,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    barsize: 30,
    hideCursor: true,
  });
  let started = false;
  return {
    update(done, total, note) {
      if (!started) bar.start(total, done, { note });
      started = true;
      bar.setTotal(total);
      bar.update(done, { note });
    },
    stop: () => bar.stop(),
  };
}

function progressLines(stream: NodeJS.WriteStream, unit: string): Progress {
  let lastMs = 0;
  let last = '';
  return {
    update(done, total, note) {
      const moved = `${done}/${total} ${unit}`;
      if (moved === last || (Date.now() - lastMs < lineEveryMs && done < total)) return;
      lastMs = Date.now();
      last = moved;
      stream.write(`${moved}  ${note}\n`);
    },
    stop() {},
  };
}
