/**
 * Name endings of images, lower case. Formats that the decoder refuses are among them on purpose: an image that
 * cannot be embedded should end as `unsupported_format`, not disappear. SVG is left out: a drawing, not a picture.
 */
export const imageSuffixes: readonly string[] = [
  '.jpg',
  '.jpeg',
  '.jpe',
  '.jfif',
  '.mpo',
  '.png',
  '.apng',
  '.webp',
  '.gif',
  '.avif',
  '.heic',
  '.heif',
  '.tif',
  '.tiff',
  '.bmp',
  '.jp2',
];

/**
 * Whether a key ends in one of the suffixes, whatever its case.
 * An empty list, or one with `*` in it, accepts every key. `jpg` means `.jpg`.
 */
export function suffixFilter(suffixes: readonly string[]): (key: string) => boolean {
  if (suffixes.length === 0 || suffixes.includes('*')) return () => true;
  const endings = suffixes.map((suffix) => (suffix.startsWith('.') ? suffix : `.${suffix}`).toLowerCase());
  return (key) => {
    const lowerCaseKey = key.toLowerCase();
    return endings.some((ending) => lowerCaseKey.endsWith(ending));
  };
}
