import { useEffect, useState } from 'preact/hooks';
import type { Run } from '../api/answers.js';
import { ask, type ApiProblem } from '../api/ask.js';
import { can, mayWrite } from '../api/service.js';
import { formatCount, formatDuration, formatTime } from '../language/format.js';
import { texts } from '../language/language.js';
import { problemText } from '../language/problem-text.js';
import { Failures } from './failures.js';

/** In the order of the bar. */
const shares = ['embedded', 'unchanged', 'failed', 'pending'] as const;
const isOpen = ({ status }: Run) => status === 'listing' || status === 'running';

/** One run, with its progress as it happens. */
export function RunCard({ run: listed, onChanged }: { run: Run; onChanged(): void }) {
  const run = useProgress(listed);
  const t = texts.value;
  return (
    <li class="run card">
      <div class="head">
        <span class="number">#{run.id}</span>
        <span class="badge" data-status={run.status}>
          {t.runStatus[run.status]}
        </span>
        <span class="source" title={run.source}>
          {run.source}
        </span>
        <Actions run={run} onChanged={onChanged} />
      </div>
      <div
        class="progress"
        role="img"
        aria-label={shares.map((share) => `${t.shares[share]} ${run[share]}`).join(', ')}
      >
        {shares.map((share) => (
          <span key={share} data-share={share} style={{ flexGrow: run[share] }} />
        ))}
      </div>
      <ul class="counts">
        {(['listed', ...shares] as const).map((share) => (
          <li key={share} data-share={share}>
            <b>{formatCount(run[share])}</b> {t.shares[share]}
          </li>
        ))}
      </ul>
      <div class="when">
        {run.model.name} · {formatTime(run.startedAt)} · {formatDuration(run.startedAt, run.finishedAt)}
      </div>
      {run.failed > 0 && <Failures runId={run.id} failed={run.failed} />}
    </li>
  );
}

/** The run as it was listed, and then as the service tells of it until it ends. */
function useProgress(listed: Run): Run {
  const [told, setTold] = useState<Run>();
  const isFollowed = isOpen(listed) && can('get /v1/runs/{id}/events');
  useEffect(() => {
    if (!isFollowed) return;
    const events = new EventSource(`/v1/runs/${listed.id}/events`);
    const tell = ({ data }: MessageEvent<string>) => setTold(JSON.parse(data) as Run);
    events.addEventListener('run', tell);
    events.addEventListener('end', (event) => {
      tell(event);
      events.close();
    });
    return () => {
      events.close();
      // A run that is taken up again is not what it was when it ended.
      setTold(undefined);
    };
  }, [listed.id, isFollowed]);
  return isFollowed && told ? told : listed;
}

const actions = [
  { name: 'cancel', text: 'cancelRun', applies: isOpen },
  { name: 'retry', text: 'retry', applies: ({ status, failed }: Run) => status === 'finished' && failed > 0 },
] as const;

function Actions({ run, onChanged }: { run: Run; onChanged(): void }) {
  const [outcome, setOutcome] = useState<{ retried?: number; problem?: ApiProblem }>({});
  const act = async (name: string) => {
    try {
      setOutcome(await ask<{ retried?: number }>(`/v1/runs/${run.id}/${name}`, { method: 'POST' }));
      onChanged();
    } catch (error) {
      setOutcome({ problem: error as ApiProblem });
    }
  };
  if (!mayWrite.value) return null;
  return (
    <span class="actions">
      <span class={outcome.problem ? 'status bad' : 'status'} role="status">
        {outcome.problem && problemText(outcome.problem)}
        {outcome.retried !== undefined && texts.value.retried(outcome.retried)}
      </span>
      {actions
        .filter(({ name, applies }) => can(`post /v1/runs/{id}/${name}`) && applies(run))
        .map(({ name, text }) => (
          <button key={name} type="button" onClick={() => void act(name)}>
            {texts.value[text]}
          </button>
        ))}
    </span>
  );
}
