import { useEffect, useRef, useState } from 'preact/hooks';
import { ask, type ApiProblem } from '../api/ask.js';
import { formatCosine, formatPercent, splitKey } from '../language/format.js';
import { texts } from '../language/language.js';
import { problemText } from '../language/problem-text.js';
import { Picture } from '../search/picture.js';

interface Item {
  id: number;
  queue: string;
  key: string;
  imageId: number;
  reason: 'policy' | 'sample' | 'manual';
  decision: { reasons: { action: string; label: string; cosine: number; probability: number }[] } | null;
}

/** In the order of their keys, from 1. */
const verdicts = ['pass', 'block'] as const;

/** One image at a time, claimed for whoever sits here: decided with 1 and 2, taken back with U. */
export function ReviewView() {
  const t = texts.value;
  const [item, setItem] = useState<Item | null>();
  const [decided, setDecided] = useState<Item[]>([]);
  const [problem, setProblem] = useState<ApiProblem>();
  const comment = useRef<HTMLInputElement>(null);
  const isBusy = useRef(false);
  /** One thing at a time: a key that is held down decides one image, not the next one too. */
  const act = async (work: () => Promise<void>) => {
    if (isBusy.current) return;
    isBusy.current = true;
    try {
      await work();
      setProblem(undefined);
    } catch (error) {
      setProblem(error as ApiProblem);
    }
    isBusy.current = false;
  };
  const claim = async (): Promise<Item | null> => {
    const { items } = await ask<{ items: Item[] }>('/v1/reviews/claim', { json: { limit: 1 } });
    return items[0] ?? null;
  };
  const decide = (verdict: (typeof verdicts)[number]) =>
    act(async () => {
      if (!item) return;
      const said = comment.current?.value ?? '';
      await ask(`/v1/reviews/${item.id}/decision`, { json: { verdict, ...(said && { comment: said }) } });
      if (comment.current) comment.current.value = '';
      let next: Item | null | undefined;
      try {
        next = await claim();
      } finally {
        setDecided((before) => [...before, item]);
        setItem(next);
      }
    });
  const undo = () =>
    act(async () => {
      const last = decided.at(-1);
      if (!last) return;
      await ask(`/v1/reviews/${last.id}/undo`, { json: {} });
      setDecided((before) => before.slice(0, -1));
      setItem(last);
    });
  useEffect(() => {
    void act(async () => setItem(await claim()));
  }, []);
  useEffect(() => {
    const onKeyDown = ({ key, target, repeat, ctrlKey, metaKey }: KeyboardEvent) => {
      if (repeat || ctrlKey || metaKey || (target as HTMLElement).matches('input, dialog *')) return;
      const verdict = verdicts[Number(key) - 1];
      if (verdict) void decide(verdict);
      if (key === 'u') void undo();
    };
    document.addEventListener('keydown', onKeyDown);
    return () => document.removeEventListener('keydown', onKeyDown);
  });
  return (
    <section class="page review">
      <h1>{t.views.review}</h1>
      <p class={problem ? 'status bad' : 'status'} role="status">
        {problem ? problemText(problem) : item === null ? t.nothingToReview : t.reviewed(decided.length)}
      </p>
      {item && <Card key={item.id} item={item} />}
      {item && (
        <label>
          {t.comment}
          <input
            ref={comment}
            maxlength={10_000}
            onKeyDown={({ key, currentTarget }) => key === 'Escape' && currentTarget.blur()}
          />
        </label>
      )}
      <div class="choices">
        {item &&
          verdicts.map((verdict, i) => (
            <button key={verdict} type="button" data-verdict={verdict} onClick={() => void decide(verdict)}>
              <kbd>{i + 1}</kbd> {t.verdicts[verdict]}
            </button>
          ))}
        {(item || decided.length > 0) && (
          <button type="button" class="quiet" disabled={decided.length === 0} onClick={() => void undo()}>
            <kbd>U</kbd> {t.undo}
          </button>
        )}
      </div>
    </section>
  );
}

function Card({ item: { imageId, key, queue, reason, decision } }: { item: Item }) {
  const t = texts.value;
  return (
    <article class="card">
      <Picture src={`/v1/images/${imageId}/thumbnail`} alt={key} />
      <div>
        <h2>{splitKey(key).name}</h2>
        <p class="key">{key}</p>
        <p class="soft">
          {queue} · {t.reviewReasons[reason]}
        </p>
        <ul>
          {decision?.reasons.map(({ action, label, cosine, probability }) => (
            <li key={action + label}>
              {label} {formatPercent(probability)} <span class="soft">{formatCosine(cosine)}</span>
            </li>
          ))}
        </ul>
      </div>
    </article>
  );
}
