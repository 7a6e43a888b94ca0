import { useEffect } from 'preact/hooks';
import { address, addressOf, addressWith, go } from '../address.js';
import type { Hit } from '../api/answers.js';
import { ask } from '../api/ask.js';
import { can } from '../api/service.js';
import { useAnswer } from '../api/use-answer.js';
import { formatCount } from '../language/format.js';
import { texts } from '../language/language.js';
import { problemText } from '../language/problem-text.js';
import { FacetPanel } from './facets.js';
import { filterOfAddress, type Filter } from './filter.js';
import { Gallery, shownHits } from './gallery.js';
import { Picture } from './picture.js';
import { uploaded } from './picture-input.js';
import { SearchBox } from './search-box.js';

const resultCounts = ['20', '60', '200'];
const countOtherwise = '60';

/** What the address asks for; without a question the collection itself, where the service lists it. */
function questionOfAddress() {
  const parameters = address.value;
  const similar = Number(parameters.get('similar'));
  if (parameters.get('q')) return { text: parameters.get('q') as string };
  if (similar > 0) return { imageId: similar, picture: `/v1/images/${similar}/thumbnail` };
  if (parameters.has('upload') && uploaded.value)
    return { file: uploaded.value.file, picture: uploaded.value.url };
  return {};
}
type Question = ReturnType<typeof questionOfAddress>;

async function findHits(
  { text, imageId, file }: Question,
  options: { k: number; filter: Filter; signal: AbortSignal },
): Promise<Hit[]> {
  const { k, filter, signal } = options;
  if (file) {
    const form = new FormData();
    form.set('k', String(k));
    form.set('filter', JSON.stringify(filter));
    form.set('image', file, file.name || 'image');
    return (await ask<{ hits: Hit[] }>('/v1/search', { body: form, signal })).hits;
  }
  if (text !== undefined || imageId !== undefined)
    return (await ask<{ hits: Hit[] }>('/v1/search', { json: { text, imageId, k, filter }, signal })).hits;
  const list = await ask<{ images: (Hit & { id: number })[] }>('/v1/images', {
    query: { ...filter, limit: k },
    signal,
  });
  return list.images.map((image) => ({ ...image, imageId: image.id }));
}

export function SearchView() {
  const question = questionOfAddress();
  const isAsked = 'text' in question || 'picture' in question;
  const filter = filterOfAddress();
  const k = Number(address.value.get('k') ?? countOtherwise);
  const { file: _file, ...key } = question;
  const asked = JSON.stringify([key, address.value.get('upload'), filter, k]);
  const answer = useAnswer(isAsked || can('get /v1/images') ? asked : undefined, (signal) =>
    findHits(question, { k, filter, signal }),
  );
  const hits = answer.value ?? [];
  useEffect(() => {
    shownHits.value = hits;
  }, [answer.value]);
  const isHome = !isAsked && Object.keys(filter).length === 0;
  return (
    <div class={isHome ? 'search home' : 'search'}>
      <div class="ask">
        {isHome && <h1>{texts.value.hello}</h1>}
        <SearchBox />
        {isHome && <Examples />}
        {question.picture && <AskedPicture src={question.picture} />}
      </div>
      <div class="results">
        <FacetPanel />
        <section aria-label={texts.value.collection}>
          <Status answer={answer} isAsked={isAsked} isFiltered={Object.keys(filter).length > 0} />
          <Gallery hits={hits} isAsking={answer.isAsking} />
        </section>
      </div>
    </div>
  );
}

function Status({
  answer: { value, problem, isAsking },
  isAsked,
  isFiltered,
}: {
  answer: ReturnType<typeof useAnswer<Hit[]>>;
  isAsked: boolean;
  isFiltered: boolean;
}) {
  const t = texts.value;
  const count = formatCount(value?.length ?? 0);
  const words = problem
    ? problemText(problem)
    : isAsking
      ? t.searching
      : value && value.length === 0
        ? isFiltered
          ? t.nothingPasses
          : t.nothingStored
        : isAsked
          ? t.found(count)
          : t.collection;
  return (
    <div class="head">
      <p class={problem ? 'status bad' : 'status'} role="status">
        {words}
      </p>
      <label class="count">
        {t.filterNames.k}
        <select
          value={address.value.get('k') ?? countOtherwise}
          onChange={({ currentTarget: { value: k } }) =>
            go(addressWith({ k: k === countOtherwise ? undefined : k }))
          }
        >
          {resultCounts.map((k) => (
            <option key={k}>{k}</option>
          ))}
        </select>
      </label>
    </div>
  );
}

const Examples = () => (
  <ul class="examples" aria-label={texts.value.examples}>
    {texts.value.exampleTexts.map((q) => (
      <li key={q}>
        <a href={addressOf({ q })} lang="zh-CN">
          {q}
        </a>
      </li>
    ))}
  </ul>
);

const AskedPicture = ({ src }: { src: string }) => (
  <div class="chip">
    <Picture src={src} />
    <span>{texts.value.likeThis}</span>
    <a
      class="quiet button"
      href={addressWith({ similar: undefined, upload: undefined })}
      aria-label={texts.value.clear}
    >
      ✕
    </a>
  </div>
);
