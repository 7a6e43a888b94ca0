import { useEffect, useState } from 'preact/hooks';
import { address, addressOf } from '../address.js';
import type { ListedLabelSet } from '../api/answers.js';
import { ask, type ApiProblem } from '../api/ask.js';
import { can, mayWrite } from '../api/service.js';
import { useAnswer } from '../api/use-answer.js';
import { formatCount } from '../language/format.js';
import { texts } from '../language/language.js';
import { problemText } from '../language/problem-text.js';
import { writeLabelFile } from './label-file.js';
import { Preview } from './preview.js';

/** Label sets that are stored, and an editor that shows at once what a draft would say of stored images. */
export function LabelsView() {
  const t = texts.value;
  const name = address.value.get('set') ?? '';
  const [savedCount, setSavedCount] = useState(0);
  const sets = useAnswer(`sets ${savedCount}`, (signal) =>
    ask<{ labelSets: ListedLabelSet[] }>('/v1/label-sets', { signal }),
  );
  return (
    <section class="page labels">
      <aside>
        <h1>{t.views.labels}</h1>
        <ul aria-label={t.labelSets}>
          <li>
            <a href={addressOf({ view: 'labels' })} aria-current={name === '' ? 'true' : undefined}>
              ＋ {t.newLabelSet}
            </a>
          </li>
          {sets.value?.labelSets.map(({ name: one, version, mode, labels }) => (
            <li key={version}>
              <a
                href={addressOf({ view: 'labels', set: `${one}@${version}` })}
                aria-current={name === `${one}@${version}` ? 'true' : undefined}
              >
                <span>{one}</span>
                <span class="soft">
                  {t.labelCount(formatCount(labels))} · {mode} · {version}
                </span>
              </a>
            </li>
          ))}
        </ul>
      </aside>
      <Editor key={name} name={name} onSaved={() => setSavedCount(savedCount + 1)} />
    </section>
  );
}

const draftKept = new Map<string, string>();

function Editor({ name, onSaved }: { name: string; onSaved(): void }) {
  const t = texts.value;
  const [file, setFile] = useState(draftKept.get(name) ?? (name === '' ? t.sampleLabelFile : undefined));
  const [outcome, setOutcome] = useState<{ saved?: string; problem?: ApiProblem }>({});
  const stored = useAnswer(file === undefined ? name : undefined, (signal) =>
    ask<{ definition: Record<string, unknown> }>(`/v1/label-sets/${encodeURIComponent(name)}`, { signal }),
  );
  useEffect(() => {
    if (stored.value) setFile(writeLabelFile(stored.value.definition));
  }, [stored.value]);
  const edit = (text: string) => {
    draftKept.set(name, text);
    setFile(text);
    setOutcome({});
  };
  const save = async () => {
    try {
      const saved = await ask<{ name: string; version: string }>('/v1/label-sets', {
        json: { labelSet: file },
      });
      setOutcome({ saved: `${saved.name}@${saved.version}` });
      onSaved();
    } catch (error) {
      setOutcome({ problem: error as ApiProblem });
    }
  };
  return (
    <>
      <div class="editor">
        <label>
          {t.labelFile}
          <textarea
            spellcheck={false}
            autocomplete="off"
            rows={22}
            value={file ?? ''}
            onInput={({ currentTarget }) => edit(currentTarget.value)}
          />
        </label>
        <div class="row">
          {mayWrite.value && can('post /v1/label-sets') && (
            <button type="button" class="main" onClick={() => void save()}>
              {t.save}
            </button>
          )}
          <span role="status" class={outcome.problem ? 'status bad' : 'status'}>
            {outcome.problem && problemText(outcome.problem)}
            {outcome.saved && t.saved(outcome.saved)}
          </span>
        </div>
      </div>
      <Preview file={file ?? ''} />
    </>
  );
}
