import { setImmediate } from 'node:timers/promises';

/** Coalesces images of any chunks into batches. */
export interface Batcher {
  /** The embedding of one image, `[D]`, once its batch has run. */
  embed(image: Uint8Array): Promise<Float32Array>;
}

export interface BatcherOptions {
  /** Embeds a batch: `[N, D]`, row by row. */
  run: (images: readonly Uint8Array[]) => Promise<Float32Array>;
  sizeMax: number;
  /** How long an image waits for others to fill its batch. */
  waitMsMax: number;
}

/**
 * A run of onnxruntime blocks the event loop, and a turn of the loop moves a fetch by one step only: the request, the
 * header, then 64 kB of the body at a time. With a single turn between two runs an image would take as many runs to
 * arrive as it has steps, and the batches would starve.
 */
const turnsBetweenRuns = 8;

async function turnsForIo(): Promise<void> {
  for (let turn = 0; turn < turnsBetweenRuns; turn++) await setImmediate();
}

interface Waiting {
  image: Uint8Array;
  resolve: (embedding: Float32Array) => void;
  reject: (error: unknown) => void;
}

/**
 * A batch runs when it is full, or when its first image has waited `waitMsMax`; one at a time. When a batch
 * fails it is halved until the failure stands alone (too little memory for so many, or one poisonous image).
 */
export function createBatcher({ run, sizeMax, waitMsMax }: BatcherOptions): Batcher {
  const waiting: Waiting[] = [];
  let timer: NodeJS.Timeout | undefined;
  let running = false;
  let overdue = false;

  async function runBatches(): Promise<void> {
    if (running) return;
    running = true;
    while (waiting.length >= sizeMax || (overdue && waiting.length > 0)) {
      clearTimeout(timer);
      timer = undefined;
      overdue = false;
      await runBatch(waiting.splice(0, sizeMax));
      await turnsForIo();
    }
    running = false;
    if (waiting.length > 0) startTimer();
  }

  function startTimer(): void {
    timer ??= setTimeout(() => {
      timer = undefined;
      overdue = true;
      void runBatches();
    }, waitMsMax);
  }

  async function runBatch(batch: Waiting[]): Promise<void> {
    try {
      const matrix = await run(batch.map(({ image }) => image));
      const dimension = matrix.length / batch.length;
      for (const [row, { resolve }] of batch.entries()) {
        resolve(matrix.slice(row * dimension, (row + 1) * dimension));
      }
    } catch (error) {
      if (batch.length === 1) {
        batch[0]?.reject(error);
        return;
      }
      const half = Math.ceil(batch.length / 2);
      await runBatch(batch.slice(0, half));
      await runBatch(batch.slice(half));
    }
  }

  return {
    embed(image) {
      return new Promise((resolve, reject) => {
        waiting.push({ image, resolve, reject });
        if (waiting.length >= sizeMax) void runBatches();
        else startTimer();
      });
    },
  };
}
