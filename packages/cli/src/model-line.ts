import type { Bundle } from '@tuhai/core/model/bundle';

/** Which model answered, in a document. */
export const modelOf = ({ name, precision, fingerprint }: Bundle) => ({ name, precision, fingerprint });

/** Which model answered, in a sentence: `photo-model (fp32, 3f2a91c07b12)`. */
export const modelLine = ({ name, precision, fingerprint }: Bundle): string =>
  `${name} (${precision}, ${fingerprint.slice(0, 12)})`;
