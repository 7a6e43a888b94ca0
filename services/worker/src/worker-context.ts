import type { DecodedImage } from '@tuhai/core/image/decode-image';
import type { ImageLimits } from '@tuhai/core/image/limits';
import type { ChunkJob } from '@tuhai/core/queue/connect-queue';
import type { Source } from '@tuhai/core/source/source';
import type { ChunkResults } from '@tuhai/core/store/commit-chunk';
import type { Database } from '@tuhai/core/store/database';
import type { StoredModel } from '@tuhai/core/store/register-model';
import type { Queue } from 'bullmq';
import type { Logger } from 'pino';
import type { Labeller } from './labellers.js';

/** What a worker does, as benchmarks tell it apart; `embed` is the wait for a batch and its run, `infer` one run. */
export type Stage = 'claim' | 'fetch' | 'decode' | 'embed' | 'infer' | 'label' | 'commit';
export type Observe = <T>(stage: Stage, work: () => Promise<T>) => Promise<T>;

/** What a worker process has at hand for its jobs. */
export interface WorkerContext {
  database: Database;
  queue: Queue<ChunkJob>;
  log: Logger;
  model: StoredModel;
  limits: ImageLimits;
  sourceOf(uri: string): Promise<Source>;
  decode(bytes: Uint8Array): Promise<DecodedImage>;
  /** In a process of its own, one image at a time. */
  decodeCarefully(bytes: Uint8Array): Promise<DecodedImage>;
  embed(pixels: Uint8Array): Promise<Float32Array>;
  labellerOf(labelSetId: number): Promise<Labeller>;
  /** Bounds how many images the process holds, of whatever chunks. */
  inFlight<T>(work: () => Promise<T>): Promise<T>;
  /** Lets somebody look on. */
  observe: Observe;
  onCommitted(results: ChunkResults): void;
}
