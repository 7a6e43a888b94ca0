import { stat } from 'node:fs/promises';
import { relative } from 'node:path';
import { readBundle, type Bundle, type BundleOptions } from '@tuhai/core/model/bundle';
import { externalDataFiles } from '@tuhai/core/model/external-data';
import { withGraph } from '@tuhai/core/model/file-source';
import { findVariants, listGraphs, type GraphFiles } from '@tuhai/core/model/graph-files';
import { readGraphInputs, readGraphOutputs, type GraphValue } from '@tuhai/core/model/graph-values';
import type { SessionOptions } from '@tuhai/core/model/open-session';
import { inspectTokenizer, type TokenizerInspection } from './inspect-tokenizer.js';
import { selfCheck, type SelfCheck } from './self-check.js';

/** What a bundle is, and whether it works here. */
export interface Inspection extends Omit<Bundle, 'files' | 'variants'> {
  layout: 'split' | 'joint';
  /** One a precision; exactly one is chosen. */
  variants: VariantInspection[];
  tokenizer: TokenizerInspection;
  selfCheck: SelfCheck;
  /** What a reader should know, in sentences. */
  notes: string[];
}

export interface VariantInspection {
  precision: string;
  layout: 'split' | 'joint';
  chosen: boolean;
  /** Relative to the folder; a joint graph is one file, external data are files of their own. */
  files: FileInspection[];
}

export interface FileInspection {
  path: string;
  sizeBytes: number;
  /** Of graphs: `pixel_values float32 [any, 3, 224, 224]`. */
  inputs?: string[];
  outputs?: string[];
}

/**
 * Reads all of a bundle and tries it.
 * @throws {UsageError} that explains why the folder is no bundle
 */
export async function inspectModel(
  dir: string,
  options: BundleOptions & SessionOptions,
): Promise<Inspection> {
  const whole = await readBundle(dir, options);
  const { files, variants: _, ...bundle } = whole;
  const variants = await findVariants(bundle.dir);
  return {
    ...bundle,
    layout: files.layout,
    variants: await Promise.all(
      variants.map(async (variant) => ({
        precision: variant.precision,
        layout: variant.layout,
        chosen: variant.precision === bundle.precision,
        files: await inspectFiles(variant, bundle.dir),
      })),
    ),
    tokenizer: await inspectTokenizer(whole),
    selfCheck: await selfCheck(whole, options),
    notes: notesOn(whole, await unusedGraphs(variants, bundle.dir)),
  };
}

async function inspectFiles({ image, text }: GraphFiles, dir: string): Promise<FileInspection[]> {
  const graphs = [...new Set([image, text])];
  const external = [...new Set(graphs.flatMap(externalDataFiles))];
  const about = async (path: string) => ({
    path: relative(dir, path),
    sizeBytes: (await stat(path)).size,
  });
  return Promise.all([
    ...graphs.map(async (path) => ({
      ...(await about(path)),
      inputs: withGraph(path, readGraphInputs).map(valueLine),
      outputs: withGraph(path, readGraphOutputs).map(valueLine),
    })),
    ...external.map(about),
  ]);
}

const valueLine = ({ name, elementType, shape }: GraphValue): string =>
  `${name} ${elementType ?? 'of another type'} [${shape.map((edge) => edge ?? 'any').join(', ')}]`;

async function unusedGraphs(variants: readonly GraphFiles[], dir: string): Promise<string[]> {
  const used = new Set(variants.flatMap(({ image, text }) => [relative(dir, image), relative(dir, text)]));
  return [...(await listGraphs(dir))].filter((path) => !used.has(path)).sort();
}

function notesOn(
  { family, logitScale, logitScaleFrom, files, ignoredPreprocessing }: Bundle,
  unused: readonly string[],
): string[] {
  const notes: Record<string, boolean> = {
    [`The bundle records no logit scale; ${logitScale} is the default of the family ${family}, so probabilities may be off.`]:
      logitScaleFrom === 'family',
    'The bundle records no logit scale; it was read off the end of the joint graph.':
      logitScaleFrom === 'graph',
    'One graph holds both towers; it is cut in two when it is loaded, so that an image never runs the text tower.':
      files.layout === 'joint',
    [`Nothing is made of these fields of preprocessor_config.json: ${ignoredPreprocessing.join(', ')}.`]:
      ignoredPreprocessing.length > 0,
    [`No variant takes these graphs: ${unused.join(', ')}.`]: unused.length > 0,
  };
  return Object.keys(notes).filter((note) => notes[note]);
}
