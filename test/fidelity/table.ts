import type { Row } from './compare-model.js';
import type { TokenRow } from './tokens.js';

type Column = readonly [title: string, cell: (row: Row) => string];

const columns: readonly Column[] = [
  ['model', ({ model }) => model],
  ['pixels', ({ mode }) => mode],
  ['variant', ({ variant }) => variant],
  ['pictures', ({ pictures }) => String(pictures)],
  ['tokens equal', ({ tokensEqual, texts }) => `${tokensEqual}/${texts}`],
  ['pixel Δ mean', ({ pixels }) => pixels.mean.toFixed(2)],
  ['worst picture', ({ pixels }) => pixels.worstMean.toFixed(2)],
  ['max', ({ pixels }) => String(pixels.max)],
  ['image cosine ≥', ({ image }) => image.cosineMin.toFixed(6)],
  ['image Δ ≤', ({ image }) => image.differenceMax.toExponential(1)],
  ['text cosine ≥', ({ text }) => text.cosineMin.toFixed(6)],
  ['text Δ ≤', ({ text }) => text.differenceMax.toExponential(1)],
  ['logit Δ ≤', ({ logits }) => logits.differenceMax.toPrecision(2)],
  ['top-1 same', ({ logits }) => `${(100 * logits.sameTop1).toFixed(1)} %`],
  ['rank ρ ≥', ({ logits }) => logits.rankCorrelationMin.toFixed(4)],
];

/** In Markdown. */
export function fidelityTable(rows: readonly Row[], tokens: readonly TokenRow[]): string {
  return [
    table(
      ['texts', 'tokens equal'],
      tokens.map(({ texts, equal, of }) => [texts, `${equal}/${of}`]),
    ),
    table(
      columns.map(([title]) => title),
      rows.map((row) => columns.map(([, cell]) => cell(row))),
    ),
  ].join('\n\n');
}

const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

const table = (titles: readonly string[], cells: readonly string[][]): string =>
  [line(titles), `|${titles.map(() => '---|').join('')}`, ...cells.map(line)].join('\n');
