import { useEffect, useState } from 'preact/hooks';
import type { Run } from '../api/answers.js';
import { ask, type ApiProblem } from '../api/ask.js';
import { texts } from '../language/language.js';
import { problemText } from '../language/problem-text.js';
import { RunCard } from './run-card.js';

const pageSize = 20;
/** New runs are looked for this often; the progress of those that are shown comes by itself. */
const pollEveryMs = 5_000;

interface Page {
  runs: Run[];
  nextCursor?: string;
}

/** Runs, the newest first. */
export function RunsView() {
  const t = texts.value;
  const [pages, setPages] = useState<Page[]>([]);
  const [problem, setProblem] = useState<ApiProblem>();
  const load = async (cursor?: string) => {
    try {
      const page = await ask<Page>('/v1/runs', { query: { limit: pageSize, cursor } });
      setPages((known) => (cursor ? [...known, page] : [page, ...known.slice(1)]));
      setProblem(undefined);
    } catch (error) {
      setProblem(error as ApiProblem);
    }
  };
  useEffect(() => {
    void load();
    const timer = setInterval(() => void load(), pollEveryMs);
    return () => clearInterval(timer);
  }, []);
  const runs = [...new Map(pages.flatMap((page) => page.runs).map((run) => [run.id, run])).values()];
  const next = pages.at(-1)?.nextCursor;
  return (
    <section class="page">
      <h1>{t.views.runs}</h1>
      <p class={problem ? 'status bad' : 'status'} role="status">
        {problem ? problemText(problem) : pages.length > 0 && runs.length === 0 ? t.noRuns : ''}
      </p>
      <ol class="runs">
        {runs.map((run) => (
          <RunCard key={run.id} run={run} onChanged={() => void load()} />
        ))}
      </ol>
      {next !== undefined && (
        <button type="button" class="quiet" onClick={() => void load(next)}>
          {t.olderRuns}
        </button>
      )}
    </section>
  );
}
