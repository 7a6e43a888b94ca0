import type { FileInspection, Inspection } from './inspect-model.js';

/** An inspection for people to read. */
export function inspectionLines({ selfCheck, ...bundle }: Inspection): string[] {
  const { tokenizer } = bundle;
  const bias = bundle.logitBias === 0 ? '' : `, bias ${bundle.logitBias}`;
  return [
    `${bundle.name}: ${bundle.family}, ${bundle.dimension} dimensions, ${bundle.layout} graphs, ${bundle.precision}`,
    `fingerprint    ${bundle.fingerprint}`,
    `scores         ${bundle.scoring} of cosine × ${bundle.logitScale}${bias} (from the ${bundle.logitScaleFrom})`,
    `images         ${preprocessingLine(bundle)}`,
    `texts          ${tokenizer.kind} of ${tokenizer.vocabularySize} entries, up to ${tokenizer.contextLength} tokens, ${tokenizer.lowersCase ? 'lower case' : 'case kept'}, padded with ${tokenizer.padId} on the ${tokenizer.padSide}`,
    `               ${tokenizer.example.text} → ${tokenizer.example.ids.join(' ')}`,
    ...bundle.variants.flatMap(({ precision, layout, chosen, files }) => [
      `${chosen ? '→' : ' '} ${precision.padEnd(12)} ${layout}`,
      ...files.flatMap(fileLines),
    ]),
    `self-check     ${selfCheck.ok ? 'passed' : 'FAILED'}: loaded in ${selfCheck.loadMs.toFixed(0)} ms, an image takes ${selfCheck.imageMs.toFixed(1)} ms, a text ${selfCheck.textMs.toFixed(1)} ms`,
    ...selfCheck.checks.map(
      ({ what, ok, detail }) => `  ${ok ? 'ok    ' : 'FAILED'}       ${what}${detail && `: ${detail}`}`,
    ),
    ...bundle.notes,
  ];
}

function fileLines({ path, sizeBytes, inputs = [], outputs = [] }: FileInspection): string[] {
  return [
    `  ${(sizeBytes / 1e6).toFixed(1).padStart(9)} MB ${path}`,
    ...inputs.map((input) => `               ← ${input}`),
    ...outputs.map((output) => `               → ${output}`),
  ];
}

function preprocessingLine({ preprocessing: p }: Pick<Inspection, 'preprocessing'>): string {
  const resize = {
    none: 'not resized',
    exact: p.resize?.kind === 'exact' ? `resized to ${p.resize.width}×${p.resize.height}` : '',
    shortest_edge:
      p.resize?.kind === 'shortest_edge'
        ? `shortest edge ${p.resize.edge}${p.resize.longestMax ? `, longest at most ${p.resize.longestMax}` : ''}`
        : '',
  }[p.resize?.kind ?? 'none'];
  const crop = p.centerCrop ? `, centre ${p.centerCrop.width}×${p.centerCrop.height}` : '';
  const fast = p.shrinkOnLoad ? ', shrunk while loading' : '';
  return `${resize}${fast} with Pillow's filter ${p.resample}${crop}; × ${+p.rescaleFactor.toFixed(6)}, mean ${round(p.mean)}, std ${round(p.std)}`;
}

const round = (values: readonly number[]): string => values.map((value) => +value.toFixed(5)).join(' ');
