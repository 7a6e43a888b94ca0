import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { ask, type ApiProblem } from '../api/ask.js';
import { useAnswer } from '../api/use-answer.js';
import { formatCosine, formatPercent, splitKey } from '../language/format.js';
import { texts } from '../language/language.js';
import { problemText } from '../language/problem-text.js';
import { Picture } from '../search/picture.js';

interface Item {
  id: number;
  queue: string;
  key: string;
  imageId: number;
  labelSet: string | null;
  claimExpiresAt: string | null;
  reason: 'policy' | 'sample' | 'manual';
  decision: { reasons: { action: string; label: string; cosine: number; probability: number }[] } | null;
}

/** By their keys. */
const verdicts = { p: 'pass', b: 'block' } as const;
type Verdict = (typeof verdicts)[keyof typeof verdicts];

interface LabelSet {
  mode: string;
  labels: { name: string }[];
}

/** One image at a time, claimed for whoever sits here: its labels are chosen with 1 to 9, P and B decide, S
 * keeps the labels without a verdict, U takes back. */
export function ReviewView() {
  const t = texts.value;
  const [item, setItem] = useState<Item | null>();
  const [chosen, setChosen] = useState<string[]>([]);
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
  const name = item?.labelSet ?? undefined;
  const set = useAnswer(name, async (signal) => {
    const path = `/v1/label-sets/${encodeURIComponent(name ?? '')}`;
    return (await ask<{ definition: LabelSet }>(path, { signal })).definition;
  }).value;
  const choose = (label: string) =>
    setChosen((before) =>
      before.includes(label)
        ? before.filter((other) => other !== label)
        : [...(set?.mode === 'single' ? [] : before), label],
    );
  const show = (next: Item | null | undefined) => {
    setChosen([]);
    setItem(next);
  };
  const decide = (verdict?: Verdict) =>
    act(async () => {
      if (!item || (!verdict && chosen.length === 0)) return;
      const said = comment.current?.value ?? '';
      const labels = chosen.length > 0 && { labelSet: item.labelSet, labels: chosen };
      await ask(`/v1/reviews/${item.id}/decision`, {
        json: { verdict, ...labels, ...(said && { comment: said }) },
      });
      if (comment.current) comment.current.value = '';
      let next: Item | null | undefined;
      try {
        next = await claim();
      } finally {
        setDecided((before) => [...before, item]);
        show(next);
      }
    });
  const undo = () =>
    act(async () => {
      const last = decided.at(-1);
      if (!last) return;
      await ask(`/v1/reviews/${last.id}/undo`, { json: {} });
      setDecided((before) => before.slice(0, -1));
      // Claimed again before it is shown: a quick decision would meet a claim on its way.
      show(await ask<Item>(`/v1/reviews/${last.id}/claim`, { json: {} }));
    });
  useEffect(() => {
    void act(async () => setItem(await claim()));
  }, []);
  useHold(item, setItem, setProblem);
  // At once with what is shown, so that a quick second key does not meet the choice before the first.
  useLayoutEffect(() => {
    const onKeyDown = ({ key, target, repeat, ctrlKey, metaKey }: KeyboardEvent) => {
      if (repeat || ctrlKey || metaKey || (target as HTMLElement).matches('input, dialog *')) return;
      const verdict = verdicts[key as keyof typeof verdicts];
      const label = set?.labels[Number(key) - 1]?.name;
      if (item && label !== undefined && /^[1-9]$/.test(key)) choose(label);
      if (key === 's') void decide();
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
      {item && set && <Labels set={set} chosen={chosen} onChoose={choose} />}
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
          Object.entries(verdicts).map(([key, verdict]) => (
            <button key={verdict} type="button" data-verdict={verdict} onClick={() => void decide(verdict)}>
              <kbd>{key.toUpperCase()}</kbd> {t.verdicts[verdict]}
            </button>
          ))}
        {chosen.length > 0 && (
          <button type="button" onClick={() => void decide()}>
            <kbd>S</kbd> {t.keepLabels}
          </button>
        )}
        {(item || decided.length > 0) && (
          <button type="button" class="quiet" disabled={decided.length === 0} onClick={() => void undo()}>
            <kbd>U</kbd> {t.undo}
          </button>
        )}
      </div>
    </section>
  );
}

/** Those that can be chosen; the first nine by their number. */
function Labels({
  set,
  chosen,
  onChoose,
}: {
  set: LabelSet;
  chosen: readonly string[];
  onChoose(label: string): void;
}) {
  return (
    <div class="choices review-labels" role="group" aria-label={texts.value.rightLabel}>
      {set.labels.map(({ name }, i) => (
        <button key={name} type="button" aria-pressed={chosen.includes(name)} onClick={() => onChoose(name)}>
          {i < 9 && <kbd>{i + 1}</kbd>} {name}
        </button>
      ))}
    </div>
  );
}

/** Renews the claim of an item at half its time, while the page is in sight or as soon as it is again. */
function useHold(
  item: Item | null | undefined,
  onHeld: (item: Item) => void,
  onProblem: (problem: ApiProblem) => void,
): void {
  const lookedAt = useRef(item);
  lookedAt.current = item;
  useEffect(() => {
    if (!item) return;
    const expiresAt = item.claimExpiresAt ? Date.parse(item.claimExpiresAt) : Date.now();
    const renewAt = Date.now() + Math.max(0, expiresAt - Date.now()) / 2;
    const hold = () => {
      if (document.hidden || Date.now() < renewAt) return;
      ask<Item>(`/v1/reviews/${item.id}/claim`, { json: {} }).then(
        (held) => lookedAt.current === item && onHeld(held),
        (problem: ApiProblem) => lookedAt.current === item && onProblem(problem),
      );
    };
    const timer = setTimeout(hold, renewAt - Date.now());
    document.addEventListener('visibilitychange', hold);
    return () => {
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', hold);
    };
  }, [item]);
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
