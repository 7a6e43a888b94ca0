import { language, locale, texts } from './language.js';

export const formatCount = (count: number): string => new Intl.NumberFormat(locale.value).format(count);
export const formatTime = (iso: string): string =>
  new Intl.DateTimeFormat(locale.value, { dateStyle: 'medium', timeStyle: 'short' }).format(new Date(iso));
export const formatCosine = (cosine: number): string => cosine.toFixed(3);
export const formatPercent = (share: number): string => `${(share * 100).toFixed(1)}%`;

export function formatBytes(sizeBytes: number): string {
  if (sizeBytes < 1_000) return `${sizeBytes} B`;
  if (sizeBytes < 1_000_000) return `${(sizeBytes / 1_000).toFixed(0)} kB`;
  return `${(sizeBytes / 1_000_000).toFixed(1)} MB`;
}

/** From one time to another, or until now: the two greatest units. */
export function formatDuration(fromIso: string, toIso: string | null): string {
  const end = toIso === null ? Date.now() : Date.parse(toIso);
  const seconds = Math.max(0, Math.round((end - Date.parse(fromIso)) / 1000));
  const parts: [number, string][] = [
    [Math.floor(seconds / 3600), texts.value.hours],
    [Math.floor(seconds / 60) % 60, texts.value.minutes],
    [seconds % 60, texts.value.seconds],
  ];
  const first = parts.findIndex(([count]) => count > 0);
  const space = language.value === 'zh' ? '' : ' ';
  return parts
    .slice(first === -1 ? 2 : first, first === -1 ? 3 : first + 2)
    .map(([count, unit]) => `${count} ${unit}`)
    .join(space || ' ');
}

/** `a/b/c.jpg` as its folder, with the slash, and its name. */
export function splitKey(key: string): { folder: string; name: string } {
  const at = key.lastIndexOf('/') + 1;
  return { folder: key.slice(0, at), name: key.slice(at) || key };
}
