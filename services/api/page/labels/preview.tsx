import { useEffect, useState } from 'preact/hooks';
import { addressWith } from '../address.js';
import { ask } from '../api/ask.js';
import { useAnswer } from '../api/use-answer.js';
import { formatCosine, formatCount, formatPercent } from '../language/format.js';
import { texts } from '../language/language.js';
import { problemText } from '../language/problem-text.js';
import { Picture } from '../search/picture.js';

/** Of silence before a draft is scored. */
const pauseMs = 400;
const hitsShown = 6;

interface PreviewAnswer {
  total: number;
  scored: number;
  labels: {
    label: string;
    best: number;
    hits: { imageId: number; key: string; cosine: number; probability: number; thumbnail: string }[];
  }[];
}

/** What the label file would say of stored images, a moment after it has changed. */
export function Preview({ file }: { file: string }) {
  const t = texts.value;
  const [draft, setDraft] = useState(file);
  useEffect(() => {
    const timer = setTimeout(() => setDraft(file), pauseMs);
    return () => clearTimeout(timer);
  }, [file]);
  const answer = useAnswer(draft.trim() === '' ? undefined : draft, (signal) =>
    ask<PreviewAnswer>('/v1/label-sets/preview', { json: { labelSet: draft, hits: hitsShown }, signal }),
  );
  const { value, problem } = answer;
  return (
    <div class="preview" aria-busy={answer.isAsking}>
      <h2>{t.preview}</h2>
      <p class={problem ? 'status bad' : 'status'} role="status">
        {/* What is wrong with the file has its line and column in the service's own words. */}
        {problem && (problem.code === 'invalid_request' ? problem.message : problemText(problem))}
        {value && t.previewOf(formatCount(value.scored), formatCount(value.total))}
      </p>
      <ol>
        {value?.labels.map(({ label, best, hits }) => (
          <li key={label} class="card">
            <h3>
              {label} <span class="soft">{t.bestOf(formatCount(best))}</span>
            </h3>
            <ul class="strip">
              {hits.map(({ imageId, key, cosine, probability, thumbnail }) => (
                <li key={imageId}>
                  <a
                    href={addressWith({ image: imageId })}
                    aria-label={`${formatPercent(probability)} ${t.view(key)}`}
                    title={`${key}\n${t.cosine} ${formatCosine(cosine)}`}
                  >
                    <Picture src={thumbnail} />
                    <span class="number soft">{formatPercent(probability)}</span>
                  </a>
                </li>
              ))}
            </ul>
          </li>
        ))}
      </ol>
    </div>
  );
}
