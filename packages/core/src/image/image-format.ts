/**
 * The picture formats that are decoded, by the name libvips gives them, each with the loader it needs.
 * Everything else is refused before a decoder sees it: SVG (fetches, renders text), PDF, and what ImageMagick,
 * OpenSlide and their like would open.
 */
export const imageFormats = {
  jpeg: { loader: 'VipsForeignLoadJpeg', starts: (b) => has(b, 0, [0xff, 0xd8, 0xff]) },
  png: { loader: 'VipsForeignLoadPng', starts: (b) => has(b, 0, [0x89, 0x50, 0x4e, 0x47]) },
  webp: {
    loader: 'VipsForeignLoadWebp',
    starts: (b) => text(b, 0, 4) === 'RIFF' && text(b, 8, 12) === 'WEBP',
  },
  gif: { loader: 'VipsForeignLoadNsgif', starts: (b) => text(b, 0, 4) === 'GIF8' },
  heif: { loader: 'VipsForeignLoadHeif', starts: (b) => text(b, 4, 8) === 'ftyp' },
  tiff: {
    loader: 'VipsForeignLoadTiff',
    starts: (b) => ['II*\0', 'MM\0*', 'II+\0', 'MM\0+'].includes(text(b, 0, 4)),
  },
} as const satisfies Record<string, { loader: string; starts: (bytes: Uint8Array) => boolean }>;

export type ImageFormat = keyof typeof imageFormats;

/** The format a file's first bytes announce, whatever its name says. */
export function sniffImageFormat(bytes: Uint8Array): ImageFormat | undefined {
  return (Object.keys(imageFormats) as ImageFormat[]).find((format) => imageFormats[format].starts(bytes));
}

const has = (bytes: Uint8Array, at: number, magic: number[]): boolean =>
  magic.every((byte, i) => bytes[at + i] === byte);

const text = (bytes: Uint8Array, from: number, to: number): string =>
  String.fromCharCode(...bytes.subarray(from, to));
