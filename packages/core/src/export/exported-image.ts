import type { LabelSet } from '../labels/label-set.js';
import type { Prediction } from '../labels/score-labels.js';
import type { Decision } from '../moderation/decide.js';
import type { StoredModel } from '../store/register-model.js';

/** An image with what is known of it under one model, one label set and one policy. */
export interface ExportedImage {
  imageId: number;
  source: string;
  key: string;
  /** Of the version that the vector and the predictions were made from. */
  etag: string;
  sizeBytes: number;
  width: number | null;
  height: number | null;
  format: string | null;
  /** In rank order; empty without a label set. */
  predictions: Prediction[];
  /** The labels that a person says fit; null where nobody has said. */
  truth: string[] | null;
  /** Null where the policy has not decided; absent without a policy. */
  decision?: Decision | null;
  /** `[D]`, of length 1; absent unless asked for. */
  embedding?: Float32Array;
}

/** What holds for all images of an export. */
export interface ExportContext {
  model: Pick<StoredModel, 'name' | 'fingerprint' | 'dimension'>;
  labelSet?: LabelSet;
  /** Name and version. */
  policy?: { name: string; version: string };
  vectors: boolean;
  /** Where a label tool finds an image; see `imageUrl`. */
  urlTemplate?: string;
  /** For Excel: CSV with a byte order mark, and with text that looks like a formula made harmless. */
  excel?: boolean;
}
