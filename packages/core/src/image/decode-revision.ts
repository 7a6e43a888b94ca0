/**
 * How pictures are decoded, beyond what a bundle says. Part of every fingerprint: change it whenever the pixels that
 * `decodeImage` makes of a file change, and vectors made before will not be mixed with those made after.
 */
export const decodeRevision = 'exact/exif-applied/alpha-on-white/icc-ignored/2';
