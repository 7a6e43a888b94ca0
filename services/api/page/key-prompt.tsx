import { useState } from 'preact/hooks';
import type { ApiProblem } from './api/ask.js';
import { giveKey } from './api/service.js';
import { texts } from './language/language.js';
import { problemText } from './language/problem-text.js';

/** Asks for the key that the service wants. */
export function KeyPrompt() {
  const [problem, setProblem] = useState<ApiProblem>();
  const t = texts.value;
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const key = new FormData(event.currentTarget as HTMLFormElement).get('key') as string;
    giveKey(key.trim()).catch(setProblem);
  };
  return (
    <form class="key-prompt card" onSubmit={submit}>
      <h1>{t.keyWanted}</h1>
      <label>
        {t.key}
        <input name="key" type="password" autocomplete="current-password" required maxlength={200} />
      </label>
      {problem && (
        <p class="status bad" role="alert">
          {problemText(problem)}
        </p>
      )}
      <button type="submit" class="main">
        {t.enter}
      </button>
    </form>
  );
}
