/** The service's answers, as far as the page reads them. */
export interface Model {
  name: string;
  fingerprint: string;
}

export interface Prediction {
  label: string;
  /** −1 to 1. */
  cosine: number;
  /** 0 to 1. */
  probability: number;
  rank: number;
  /** Probability ahead of the next label. */
  margin?: number | null;
  threshold?: number | null;
  /** Whether it passes its threshold. */
  passes?: boolean;
}

/** A tile of the gallery: of a search with a cosine, of a list with its best prediction. */
export interface Hit {
  imageId: number;
  key: string;
  thumbnail: string;
  cosine?: number;
  /** Of a search by text, where the model gives ground for one: 0 to 1. */
  probability?: number | null;
  prediction?: Prediction | null;
}

/** Some of the collection's groups of images that are nearly the same. */
export interface DuplicatesPage {
  groups: {
    images: { id: number; key: string; cosine: number; thumbnail: string }[];
    isPartial: boolean;
  }[];
  examined: number;
  nextCursor?: string;
}

export interface Image {
  id: number;
  source: string;
  key: string;
  sizeBytes: number;
  width: number | null;
  height: number | null;
  format: string | null;
  firstSeenAt: string;
  retiredAt: string | null;
  thumbnail: string;
  predictions: LabelSetPredictions[];
}

export interface LabelSetPredictions {
  labelSet: string;
  version: string;
  predictions: Prediction[];
}

export interface FacetCount<T = string> {
  value: T;
  count: number;
}

export interface Facets {
  total: number;
  isPartial: boolean;
  labels: FacetCount[];
  sources: FacetCount[];
  runs: FacetCount<number>[];
  reviewStates?: FacetCount[];
}

export interface Run {
  id: number;
  source: string;
  model: Model;
  status: 'listing' | 'running' | 'finished' | 'cancelled';
  listed: number;
  unchanged: number;
  embedded: number;
  failed: number;
  pending: number;
  startedAt: string;
  finishedAt: string | null;
}

export interface Failure {
  key: string;
  code: string;
  message: string;
  retryable: boolean;
}

export interface FailureCount {
  code: string;
  count: number;
  retryable: boolean;
}

export interface ListedLabelSet {
  name: string;
  version: string;
  mode: string;
  labels: number;
}
