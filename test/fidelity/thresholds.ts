import type { Row } from './compare-model.js';
import type { TokenRow } from './tokens.js';

const decodedMin = { fp32: 0.9999, fp16: 0.9999, int8: 0.99 };
const filesMin = { files: 0.999, 'files, fast': 0.97 };
/** Of fp32 from the reference's pixels: where scale and bias show, which no cosine knows. */
const logitDifferenceMax = 0.001;

/** What is promised and not kept, in sentences. */
export function brokenPromises(rows: readonly Row[], tokens: readonly TokenRow[]): string[] {
  return [
    ...tokens
      .filter(({ equal, of }) => equal < of)
      .map(({ texts, equal, of }) => `${texts}: ${equal} of ${of} texts have the reference's tokens`),
    ...rows.flatMap(brokenIn),
  ];
}

function brokenIn(row: Row): string[] {
  const who = `${row.model}, ${row.variant}, ${row.mode}`;
  const broken = [];
  if (row.tokensEqual < row.texts)
    broken.push(`${who}: ${row.tokensEqual} of ${row.texts} texts have the reference's tokens`);
  // Of random weights int8 says little; it is printed all the same.
  if (row.variant === 'int8' && !row.trained) return broken;
  const ofVariant = decodedMin[row.variant];
  const least = row.mode === 'decoded' ? ofVariant : Math.min(filesMin[row.mode], ofVariant);
  const cosines = {
    image: [row.image.cosineMin, least],
    text: [row.text.cosineMin, ofVariant],
  };
  for (const [what, [cosine, min]] of Object.entries(cosines) as [string, [number, number]][]) {
    // Not `cosine < min`: a cosine that is no number must not pass.
    if (!(cosine >= min)) broken.push(`${who}: least ${what} cosine ${cosine.toFixed(6)}, promised ${min}`);
  }
  const { differenceMax } = row.logits;
  if (row.mode === 'decoded' && row.variant === 'fp32' && !(differenceMax <= logitDifferenceMax))
    broken.push(`${who}: a logit is ${differenceMax.toPrecision(2)} off, promised ${logitDifferenceMax}`);
  return broken;
}
