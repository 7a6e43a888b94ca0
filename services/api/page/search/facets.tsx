import { useEffect, useState } from 'preact/hooks';
import { address, addressWith, go } from '../address.js';
import type { FacetCount, Facets, ListedLabelSet } from '../api/answers.js';
import { ask } from '../api/ask.js';
import { can } from '../api/service.js';
import { useAnswer } from '../api/use-answer.js';
import { formatCount } from '../language/format.js';
import { texts } from '../language/language.js';
import { filterNames, filterOfAddress, scoreNames, type FilterName } from './filter.js';
import { RangeFields } from './range-fields.js';

const valuesShown = 12;
const isNarrow = () => window.matchMedia('(max-width: 900px)').matches;

/** Filters, with counts of what each would leave where the service counts. */
export function FacetPanel() {
  const t = texts.value;
  const filter = filterOfAddress();
  const sets = useAnswer(can('get /v1/label-sets') ? 'sets' : undefined, (signal) =>
    ask<{ labelSets: (ListedLabelSet & { isApplied: boolean })[] }>('/v1/label-sets', { signal }),
  );
  const applied = [...new Set(sets.value?.labelSets.filter((set) => set.isApplied).map(({ name }) => name))];
  const labelSet = String(filter.labelSet ?? applied[0] ?? '');
  // The label itself does not narrow its own facet: another can be chosen instead.
  const others = { ...filter };
  for (const name of ['label', 'rankMax', ...scoreNames] as const) delete others[name];
  const query = labelSet ? { ...others, labelSet } : others;
  const facets = useAnswer(
    can('get /v1/facets') && !sets.isAsking ? JSON.stringify(query) : undefined,
    (signal) => ask<Facets>('/v1/facets', { query, signal }),
  ).value;
  const choose = (name: FilterName, value: string | number) => {
    const isChosen = address.value.get(name) === String(value);
    const next = { [name]: isChosen ? undefined : value };
    if (name === 'label' && isChosen) for (const score of scoreNames) next[score] = undefined;
    go(
      addressWith(
        name === 'label' && labelSet ? { ...next, labelSet: isChosen ? undefined : labelSet } : next,
      ),
    );
  };
  const isFiltered = filterNames.some((name) => address.value.has(name));
  return (
    <aside class="filters" aria-label={t.filters}>
      <details open={!isNarrow() || undefined}>
        <summary>{t.filters}</summary>
        {isFiltered && (
          <a
            class="clear"
            href={addressWith(Object.fromEntries(filterNames.map((name) => [name, undefined])))}
          >
            {t.clearFilters}
          </a>
        )}
        <PrefixField />
        {applied.length > 1 && (
          <label>
            {t.filterNames.labelSet}
            <select
              value={labelSet}
              onChange={({ currentTarget }) =>
                go(addressWith({ labelSet: currentTarget.value, label: undefined }))
              }
            >
              {applied.map((name) => (
                <option key={name}>{name}</option>
              ))}
            </select>
          </label>
        )}
        <RangeFields />
        <Facet title={t.facetLabels} name="label" counts={facets?.labels} onChoose={choose} />
        <Facet title={t.filterNames.source} name="source" counts={facets?.sources} onChoose={choose} />
        <Facet
          title={t.filterNames.run}
          name="run"
          counts={facets?.runs}
          text={(id) => `#${id}`}
          onChoose={choose}
        />
        <Facet
          title={t.filterNames.reviewState}
          name="reviewState"
          counts={facets?.reviewStates}
          text={(state) => t.reviewStates[state] ?? String(state)}
          onChoose={choose}
        />
      </details>
    </aside>
  );
}

function PrefixField() {
  return (
    <label>
      {texts.value.filterNames.prefix}
      <input
        autocomplete="off"
        placeholder="photos/2026/"
        value={address.value.get('prefix') ?? ''}
        onChange={({ currentTarget }) => go(addressWith({ prefix: currentTarget.value }))}
      />
    </label>
  );
}

interface FacetProps<T> {
  title: string;
  name: FilterName;
  counts: readonly FacetCount<T>[] | undefined;
  text?: (value: T) => string;
  onChoose(name: FilterName, value: T): void;
}

function Facet<T extends string | number>({
  title,
  name,
  counts = [],
  text = String,
  onChoose,
}: FacetProps<T>) {
  const [isWhole, setWhole] = useState(false);
  useEffect(() => setWhole(false), [name]);
  const chosen = address.value.get(name);
  // One value that everything has says nothing.
  if (counts.length < 2 && chosen === null) return null;
  const greatest = counts[0]?.count ?? 1;
  const shown = counts.filter(({ value }, i) => isWhole || i < valuesShown || String(value) === chosen);
  return (
    <section class="facet">
      <h2>{title}</h2>
      <ul>
        {shown.map(({ value, count }) => (
          <li key={value}>
            <button
              type="button"
              aria-pressed={String(value) === chosen}
              onClick={() => onChoose(name, value)}
            >
              <span class="fill" style={{ width: `${(count / greatest) * 100}%` }} />
              <span class="value" title={text(value)}>
                {text(value)}
              </span>
              <span class="count">{formatCount(count)}</span>
            </button>
          </li>
        ))}
      </ul>
      {counts.length > shown.length && (
        <button type="button" class="quiet" onClick={() => setWhole(true)}>
          {texts.value.more}
        </button>
      )}
    </section>
  );
}
