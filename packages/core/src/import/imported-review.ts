/** What a file says of one image; `line` is where it stands. */
export interface ImportedReview {
  line: number;
  /** By source (its canonical uri; absent: any) and key. */
  source?: string;
  key: string;
  /** Of the version that was looked at; absent: the present one. */
  etag?: string;
  labels: string[];
  reviewer?: string;
  comment?: string;
}

/** A line that says nothing that can be used. */
export interface ImportProblem {
  line: number;
  message: string;
}
