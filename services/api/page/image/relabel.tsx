import { useState } from 'preact/hooks';
import type { LabelSetPredictions } from '../api/answers.js';
import { ask, type ApiProblem } from '../api/ask.js';
import { can, mayWrite } from '../api/service.js';
import { texts } from '../language/language.js';
import { problemText } from '../language/problem-text.js';

/** Says which label of a set is right; the predictions are what is proposed. */
export function Relabel({ imageId, set }: { imageId: number; set: LabelSetPredictions }) {
  const t = texts.value;
  const [outcome, setOutcome] = useState<{ saved?: string; problem?: ApiProblem }>({});
  if (!mayWrite.value || !can('post /v1/reviews')) return null;
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const label = (new FormData(event.currentTarget as HTMLFormElement).get('label') as string).trim();
    try {
      await ask('/v1/reviews', { json: { imageId, labelSet: set.labelSet, labels: [label] } });
      setOutcome({ saved: label });
    } catch (error) {
      setOutcome({ problem: error as ApiProblem });
    }
  };
  const list = `labels-${set.version}`;
  return (
    <form class="relabel" onSubmit={(event) => void submit(event)}>
      <input
        name="label"
        list={list}
        required
        autocomplete="off"
        aria-label={t.rightLabel}
        placeholder={t.rightLabel}
      />
      <datalist id={list}>
        {set.predictions.map(({ label }) => (
          <option key={label} value={label} />
        ))}
      </datalist>
      <button type="submit">{t.relabel}</button>
      <span role="status" class={outcome.problem ? 'status bad' : 'status'}>
        {outcome.problem && (outcome.problem.message || problemText(outcome.problem))}
        {outcome.saved && t.relabelled(outcome.saved)}
      </span>
    </form>
  );
}
