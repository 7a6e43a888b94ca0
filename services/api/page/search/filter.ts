import { address } from '../address.js';

export const filterNames = ['prefix', 'labelSet', 'label', 'source', 'run', 'reviewState'] as const;
export type FilterName = (typeof filterNames)[number];
export type Filter = Partial<Record<FilterName, string | number>> & { rankMax?: number };

/** The filter in the address, as the service takes it. A label with a label set is the best one under it. */
export function filterOfAddress(): Filter {
  const filter: Filter = {};
  for (const name of filterNames) {
    const value = address.value.get(name);
    if (value) filter[name] = name === 'run' ? Number(value) : value;
  }
  if (filter.label !== undefined && filter.labelSet !== undefined) filter.rankMax = 1;
  return filter;
}
