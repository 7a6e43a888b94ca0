import { useEffect, useState } from 'preact/hooks';
import type { Failure } from '../api/answers.js';
import { ask, type ApiProblem } from '../api/ask.js';
import { formatCount } from '../language/format.js';
import { texts } from '../language/language.js';
import { problemText } from '../language/problem-text.js';

interface Page {
  failures: Failure[];
  nextCursor?: string;
}

/** Asks for a run's failures once they are wanted, a page at a time. */
export function Failures({ runId, failed }: { runId: number; failed: number }) {
  const t = texts.value;
  const [pages, setPages] = useState<Page[]>([]);
  const [isOpen, setOpen] = useState(false);
  const [problem, setProblem] = useState<ApiProblem>();
  const load = async (known: Page[]) => {
    try {
      const query = { limit: 100, cursor: known.at(-1)?.nextCursor };
      setPages([...known, await ask<Page>(`/v1/runs/${runId}/failures`, { query })]);
      setProblem(undefined);
    } catch (error) {
      setProblem(error as ApiProblem);
    }
  };
  useEffect(() => {
    if (isOpen) void load([]);
  }, [isOpen, failed]);
  return (
    <details onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>
        {t.failures} ({formatCount(failed)})
      </summary>
      {problem && <p class="status bad">{problemText(problem)}</p>}
      <ol class="failures">
        {pages
          .flatMap(({ failures }) => failures)
          .map(({ key, code, message, retryable }) => (
            <li key={key}>
              <code>{code}</code>
              <span class="key">{key}</span>
              <span class="message">{retryable ? `${message} (${t.retryable})` : message}</span>
            </li>
          ))}
      </ol>
      {pages.at(-1)?.nextCursor && (
        <button type="button" class="quiet" onClick={() => void load(pages)}>
          {t.more}
        </button>
      )}
    </details>
  );
}
