import { useEffect, useState } from 'preact/hooks';
import type { ApiProblem } from './ask.js';

export interface Answer<T> {
  value?: T;
  problem?: ApiProblem;
  isAsking: boolean;
}

/**
 * What `ask` answers, asked again whenever `asked` changes; an answer that comes too late is dropped. The last value
 * stays until the next is there, so that what is shown does not flicker. `undefined` for `asked`: nothing is asked.
 */
export function useAnswer<T>(asked: string | undefined, ask: (signal: AbortSignal) => Promise<T>): Answer<T> {
  const [answer, setAnswer] = useState<Answer<T>>({ isAsking: asked !== undefined });
  useEffect(() => {
    if (asked === undefined) {
      setAnswer({ isAsking: false });
      return;
    }
    const controller = new AbortController();
    setAnswer(({ value }) => ({ ...(value !== undefined && { value }), isAsking: true }));
    const tell = (next: Answer<T>) => {
      if (!controller.signal.aborted) setAnswer(next);
    };
    ask(controller.signal).then(
      (value) => tell({ value, isAsking: false }),
      (problem: ApiProblem) => tell({ problem, isAsking: false }),
    );
    return () => controller.abort();
    // `ask` is made anew at every render; `asked` says whether it means something else.
  }, [asked]);
  return answer;
}
