import { address } from '../address.js';

/** Of the chosen label; they mean nothing without one. */
export const scoreNames = ['probabilityMin', 'probabilityMax', 'cosineMin', 'cosineMax'] as const;
/** Days in the address, as an input of type date writes them. */
export const timeNames = ['embeddedSince', 'embeddedBefore'] as const;
export const filterNames = [
  'prefix',
  'labelSet',
  'label',
  'source',
  'run',
  'reviewState',
  ...scoreNames,
  ...timeNames,
] as const;
export type FilterName = (typeof filterNames)[number];
export type Filter = Partial<Record<FilterName, string | number>> & { rankMax?: number };

const isOneOf = (names: readonly FilterName[], name: FilterName) => names.includes(name);

/** The filter in the address, as the service takes it. A label with a label set is the best one under it. */
export function filterOfAddress(): Filter {
  const filter: Filter = {};
  for (const name of filterNames) {
    const value = address.value.get(name);
    if (!value || (isOneOf(scoreNames, name) && !address.value.get('label'))) continue;
    if (isOneOf(timeNames, name)) filter[name] = startOfDay(value);
    else filter[name] = name === 'run' || isOneOf(scoreNames, name) ? Number(value) : value;
  }
  if (filter.label !== undefined && filter.labelSet !== undefined) filter.rankMax = 1;
  return filter;
}

/** Where the reader is. What is no day stays as it is: the service says what is wrong with it. */
function startOfDay(day: string): string {
  const date = new Date(`${day}T00:00`);
  return Number.isNaN(date.getTime()) ? day : date.toISOString();
}
