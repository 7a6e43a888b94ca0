/**
 * Compares two texts by the bytes of their UTF-8 forms, which is the order of an S3 listing.
 * JavaScript's own order differs from it only where surrogates meet U+E000 to U+FFFF.
 */
export function compareUtf8(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    const difference = a.charCodeAt(index) - b.charCodeAt(index);
    if (difference !== 0) return byteOrder(a.charCodeAt(index)) - byteOrder(b.charCodeAt(index));
  }
  return a.length - b.length;
}

/** Moves the surrogates, which stand for code points above U+FFFF, behind all other code units. */
function byteOrder(codeUnit: number): number {
  if (codeUnit >= 0xe000) return codeUnit - 0x800;
  return codeUnit >= 0xd800 ? codeUnit + 0x2000 : codeUnit;
}
