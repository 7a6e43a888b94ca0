import { signal } from '@preact/signals';
import { useRef, useState } from 'preact/hooks';
import { addressOf, addressWith } from '../address.js';
import type { Hit } from '../api/answers.js';
import { formatCosine, formatPercent, splitKey } from '../language/format.js';
import { texts } from '../language/language.js';
import { Picture } from './picture.js';

/** What the gallery shows, for stepping through it with an image open. */
export const shownHits = signal<readonly Hit[]>([]);

/** Where an arrow key leads from tile `i`, `columns` in a row. */
const steps: Record<string, (i: number, columns: number, last: number) => number> = {
  ArrowRight: (i) => i + 1,
  ArrowLeft: (i) => i - 1,
  ArrowDown: (i, columns) => i + columns,
  ArrowUp: (i, columns) => i - columns,
  Home: () => 0,
  End: (_i, _columns, last) => last,
};

/** One tile a hit; Tab leads to one of them, arrows from there to the others. */
export function Gallery({ hits, isAsking }: { hits: readonly Hit[]; isAsking: boolean }) {
  const list = useRef<HTMLOListElement>(null);
  const [current, setCurrent] = useState(0);
  const onKeyDown = (event: KeyboardEvent) => {
    const step = steps[event.key];
    const links = [...(list.current?.querySelectorAll<HTMLAnchorElement>('a.open') ?? [])];
    const at = links.indexOf(document.activeElement as HTMLAnchorElement);
    if (!step || at === -1) return;
    const top = links[0]?.getBoundingClientRect().top;
    const columns = links.filter((link) => link.getBoundingClientRect().top === top).length;
    const next = links[step(at, columns, links.length - 1)];
    event.preventDefault();
    next?.focus();
  };
  return (
    <ol ref={list} class="gallery" aria-busy={isAsking} onKeyDown={onKeyDown}>
      {hits.map((hit, i) => (
        <Tile
          key={hit.imageId}
          hit={hit}
          isCurrent={i === Math.min(current, hits.length - 1)}
          onFocus={() => setCurrent(i)}
        />
      ))}
    </ol>
  );
}

function Tile({ hit, isCurrent, onFocus }: { hit: Hit; isCurrent: boolean; onFocus(): void }) {
  const t = texts.value;
  const { folder, name } = splitKey(hit.key);
  return (
    <li class="tile">
      <a
        class="open"
        href={addressWith({ image: hit.imageId })}
        tabIndex={isCurrent ? 0 : -1}
        title={hit.key}
        aria-label={t.view(hit.key)}
        onFocus={onFocus}
      >
        <Picture src={hit.thumbnail} />
      </a>
      <div class="caption">
        <div class="name" title={hit.key}>
          {name}
        </div>
        <div class="folder" title={hit.key}>
          {hit.prediction
            ? `${hit.prediction.label} ${formatPercent(hit.prediction.probability)}`
            : folder || '\u00a0'}
        </div>
        <div class="row">
          <span class="scores">
            {hit.cosine !== undefined && (
              <span class="score" title={t.cosine}>
                {formatCosine(hit.cosine)}
              </span>
            )}
            {typeof hit.probability === 'number' && (
              <span class="number soft" title={t.probability}>
                {formatPercent(hit.probability)}
              </span>
            )}
          </span>
          <a
            href={addressOf({ similar: hit.imageId })}
            tabIndex={-1}
            aria-label={`${t.findSimilar}: ${hit.key}`}
          >
            {t.findSimilar}
          </a>
        </div>
      </div>
    </li>
  );
}
