import { createHash } from 'node:crypto';
import { LineCounter, parseDocument } from 'yaml';
import { canonicalJson } from '../model/canonical-json.js';
import { UsageError } from '../usage-error.js';
import { checkLabelSet, type LabelMode } from './check-label-set.js';

/** What a prediction has to reach to be an answer; of two bounds, both. */
export interface Threshold {
  probability?: number;
  cosine?: number;
}

export interface Label {
  name: string;
  /** Texts put into each template; the label's embedding is their mean. */
  prompts: string[];
  /** `pairwise`: what an image shows that does not fit, in the same templates. */
  negatives?: string[];
  threshold?: Threshold;
}

/** A versioned file of labels. */
export interface LabelSet {
  name: string;
  mode: LabelMode;
  /** BCP 47, as the file says. */
  language?: string;
  /** Each holds `{}` for the prompt. */
  templates: string[];
  labels: Label[];
  /** Of labels that have none of their own. */
  threshold?: Threshold;
  /** The answer when no label passes. `single`, with prompts: competes with the labels, and may win. */
  none?: { name: string; prompts: string[] };
  /** Divides the logits before they become probabilities; found by calibration. */
  temperature?: number;
  /** Predictions kept an image. */
  top: number;
  /** The first 12 hex digits of the sha256 of everything above. */
  version: string;
}

/**
 * Reads a label file, YAML or JSON.
 * @throws {UsageError} naming file:line:column
 */
export function parseLabelSet(text: string, fileName: string): LabelSet {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  const fail = (message: string, offset = 0): never => {
    const { line, col } = lines.linePos(offset);
    throw new UsageError(`${fileName}:${line}:${col}: ${message}`);
  };
  const [error] = document.errors;
  if (error) fail(error.message, error.pos[0]);
  const content = checkLabelSet(document, fail);
  const version = createHash('sha256').update(canonicalJson(content)).digest('hex').slice(0, 12);
  return { ...content, version };
}
