import { Fragment } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { address, addressOf, addressWith, go } from '../address.js';
import type { Hit, Image, LabelSetPredictions, Prediction } from '../api/answers.js';
import { ask } from '../api/ask.js';
import { useAnswer } from '../api/use-answer.js';
import { formatBytes, formatCosine, formatPercent, formatTime, splitKey } from '../language/format.js';
import { texts } from '../language/language.js';
import { problemText } from '../language/problem-text.js';
import { shownHits } from '../search/gallery.js';
import { Relabel } from './relabel.js';
import { Picture } from '../search/picture.js';

const labelsShown = 10;
const neighboursShown = 8;

const close = (): void => go(addressWith({ image: undefined }));

/** The dialog on the image in the address: what it is, what the model says of it, and what is near it. */
export function Details() {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = address.value.get('image');
  useEffect(() => {
    if (id !== null && !dialog.current?.open) dialog.current?.showModal();
    if (id === null) dialog.current?.close();
  }, [id]);
  const step = (by: number) => {
    const hits = shownHits.value;
    const next = hits[hits.findIndex(({ imageId }) => String(imageId) === id) + by];
    if (next && id !== null) go(addressWith({ image: next.imageId }), { replace: true });
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if ((event.target as HTMLElement).matches('input, textarea, select')) return;
    if (event.key === 'ArrowRight') step(1);
    if (event.key === 'ArrowLeft') step(-1);
  };
  return (
    <dialog
      ref={dialog}
      class="details"
      aria-label={texts.value.details}
      onClose={() => address.value.has('image') && close()}
      // Of the dialog itself only its backdrop is not covered by something.
      onClick={(event) => event.target === event.currentTarget && close()}
      onKeyDown={onKeyDown}
    >
      {id !== null && <ImageDetails id={id} onClose={close} onStep={step} />}
    </dialog>
  );
}

function ImageDetails({ id, onClose, onStep }: { id: string; onClose(): void; onStep(by: number): void }) {
  const t = texts.value;
  const { value: image, problem } = useAnswer(id, (signal) => ask<Image>(`/v1/images/${id}`, { signal }));
  const hit = shownHits.value.find(({ imageId }) => String(imageId) === id);
  const imageKey = image?.key ?? hit?.key ?? '';
  return (
    <>
      <div class="stage">
        <Picture src={`/v1/images/${id}/thumbnail`} alt={imageKey} />
        <div class="steps">
          <button type="button" class="quiet" aria-label={t.previous} onClick={() => onStep(-1)}>
            ←
          </button>
          <button type="button" class="quiet" aria-label={t.next} onClick={() => onStep(1)}>
            →
          </button>
        </div>
      </div>
      <div class="about">
        <button type="button" class="close quiet" aria-label={t.close} onClick={onClose}>
          ✕
        </button>
        <h2>{splitKey(imageKey).name}</h2>
        <p class="key">{imageKey}</p>
        <a class="button main" href={addressOf({ similar: id })}>
          {t.findSimilar}
        </a>
        {problem && (
          <p class="status bad" role="alert">
            {problemText(problem)}
          </p>
        )}
        {image && <Facts image={image} hit={hit} />}
        {image?.predictions.map((set) => (
          <Fragment key={set.labelSet + set.version}>
            <Predictions set={set} />
            <Relabel imageId={image.id} set={set} />
          </Fragment>
        ))}
        <Neighbours id={id} />
      </div>
    </>
  );
}

function Facts({ image, hit }: { image: Image; hit: Hit | undefined }) {
  const t = texts.value;
  const facts: [string, string | undefined][] = [
    [t.cosine, hit?.cosine === undefined ? undefined : formatCosine(hit.cosine)],
    [t.probability, typeof hit?.probability === 'number' ? formatPercent(hit.probability) : undefined],
    [t.dimensions, image.width === null ? undefined : `${image.width} × ${image.height}`],
    [t.format, `${image.format ?? t.unknown}, ${formatBytes(image.sizeBytes)}`],
    [t.source, image.source],
    [t.firstSeen, formatTime(image.firstSeenAt)],
    [t.retired, image.retiredAt === null ? undefined : formatTime(image.retiredAt)],
  ];
  return (
    <dl class="facts">
      {facts
        .filter(([, value]) => value !== undefined)
        .map(([name, value]) => [<dt key={name}>{name}</dt>, <dd key={`${name}=`}>{value}</dd>])}
    </dl>
  );
}

function Predictions({ set: { labelSet, predictions } }: { set: LabelSetPredictions }) {
  const t = texts.value;
  const [first, second] = predictions;
  const margin = first && second ? first.probability - second.probability : undefined;
  return (
    <section class="predictions">
      <h3>
        {t.predictions} · {labelSet}
        {margin !== undefined && (
          <span class="soft">
            {t.margin} {formatPercent(margin)}
          </span>
        )}
      </h3>
      <ol>
        {predictions.slice(0, labelsShown).map((prediction) => (
          <PredictionRow key={prediction.label} {...prediction} />
        ))}
      </ol>
    </section>
  );
}

function PredictionRow({ label, cosine, probability, threshold }: Prediction) {
  const t = texts.value;
  const limit = typeof threshold === 'number' ? `${t.threshold} ${formatPercent(threshold)}` : undefined;
  return (
    <li title={limit}>
      <span class="label" title={label}>
        {label}
      </span>
      <span class="share">
        <span style={{ width: formatPercent(probability) }} />
      </span>
      <span class="number" title={t.probability}>
        {formatPercent(probability)}
      </span>
      <span class="number soft" title={t.cosine}>
        {formatCosine(cosine)}
      </span>
    </li>
  );
}

function Neighbours({ id }: { id: string }) {
  const { value } = useAnswer(id, (signal) =>
    ask<{ hits: Hit[] }>('/v1/search', { json: { imageId: Number(id), k: neighboursShown }, signal }),
  );
  if (!value || value.hits.length === 0) return null;
  return (
    <section>
      <h3>{texts.value.neighbours}</h3>
      <ul class="strip">
        {value.hits.map(({ imageId, key, cosine, thumbnail }) => (
          <li key={imageId}>
            <a
              href={addressWith({ image: imageId })}
              title={key}
              aria-label={`${formatCosine(cosine ?? 0)} ${texts.value.view(key)}`}
            >
              <Picture src={thumbnail} />
              <span class="number soft">{formatCosine(cosine ?? 0)}</span>
            </a>
          </li>
        ))}
      </ul>
    </section>
  );
}
