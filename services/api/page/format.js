const counts = new Intl.NumberFormat('zh-CN');
const times = new Intl.DateTimeFormat('zh-CN', { dateStyle: 'medium', timeStyle: 'short' });

export const formatCount = (count) => counts.format(count);
export const formatTime = (iso) => times.format(new Date(iso));
export const formatCosine = (cosine) => cosine.toFixed(3);
export const formatPercent = (share) => `${(share * 100).toFixed(1)}%`;

export function formatBytes(sizeBytes) {
  if (sizeBytes < 1_000) return `${sizeBytes} B`;
  if (sizeBytes < 1_000_000) return `${(sizeBytes / 1_000).toFixed(0)} kB`;
  return `${(sizeBytes / 1_000_000).toFixed(1)} MB`;
}

export function formatDuration(fromIso, toIso) {
  const seconds = Math.max(
    0,
    Math.round(((toIso ? new Date(toIso) : new Date()) - new Date(fromIso)) / 1000),
  );
  if (seconds < 60) return `${seconds} 秒`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} 分 ${seconds % 60} 秒`;
  return `${Math.floor(minutes / 60)} 小时 ${minutes % 60} 分`;
}

/** `a/b/c.jpg` as its folder, with the slash, and its name. */
export function splitKey(key) {
  const at = key.lastIndexOf('/') + 1;
  return { folder: key.slice(0, at), name: key.slice(at) || key };
}
