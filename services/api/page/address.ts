import { computed, signal } from '@preact/signals';

/** What is shown stands in the address, so that back, reload and links work; only an uploaded picture cannot. */
export const address = signal(readAddress());

export const viewNames = ['search', 'duplicates', 'labels', 'review', 'runs'] as const;
export type ViewName = (typeof viewNames)[number];
export const view = computed(() => viewNames.find((name) => name === address.value.get('view')) ?? 'search');

function readAddress(): URLSearchParams {
  return new URLSearchParams(location.hash.slice(1));
}

window.addEventListener('hashchange', () => (address.value = readAddress()));

type Changes = Record<string, string | number | undefined>;

/** The present address with some parameters changed; those that are `undefined` or empty go. */
export function addressWith(changes: Changes): string {
  const next = new URLSearchParams(address.value);
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined || value === '') next.delete(name);
    else next.set(name, String(value));
  }
  return `#${next}`;
}

/** An address with these parameters only. */
export const addressOf = (parameters: Record<string, string | number>): string =>
  `#${new URLSearchParams(Object.entries(parameters).map(([name, value]) => [name, String(value)]))}`;

/** Goes there. `replace` leaves no trace in the history, as for stepping through a gallery. */
export function go(hash: string, { replace = false } = {}): void {
  if (!replace) location.hash = hash;
  else {
    history.replaceState(null, '', hash);
    address.value = readAddress();
  }
}
