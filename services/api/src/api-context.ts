import type { ImageLimits } from '@tuhai/core/image/limits';
import type { Bundle } from '@tuhai/core/model/bundle';
import type { Source } from '@tuhai/core/source/source';
import type { Database } from '@tuhai/core/store/database';
import type { StoredModel } from '@tuhai/core/store/register-model';
import type { Logger } from 'pino';
import type { RunControl } from './run-control.js';
import type { Thumbnails } from './thumbnails/thumbnails.js';

/** All that the routes need of the outside. */
export interface ApiContext {
  database: Database;
  /** The one that answers. */
  model: StoredModel;
  bundle: Pick<Bundle, 'dimension' | 'logitScale' | 'logitBias' | 'scoring'>;
  /** `[N, D]`, rows of length 1. */
  embedTexts(texts: readonly string[]): Promise<Float32Array>;
  /**
   * `[D]`, of length 1.
   * @throws {ItemFailure} for a picture that cannot be used
   */
  embedImage(bytes: Uint8Array): Promise<Float32Array>;
  runs: RunControl;
  openSource(uri: string): Promise<Source>;
  /** Beginnings of uris. */
  allowedSources: readonly string[];
  thumbnails: Thumbnails;
  limits: ImageLimits;
  log: Logger;
}
