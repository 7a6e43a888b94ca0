import { useEffect, useState } from 'preact/hooks';
import { address, addressWith, go } from '../address.js';
import type { DuplicatesPage } from '../api/answers.js';
import { ask, type ApiProblem } from '../api/ask.js';
import { formatCount } from '../language/format.js';
import { texts } from '../language/language.js';
import { problemText } from '../language/problem-text.js';
import { Gallery } from '../search/gallery.js';

const thresholds = ['0.99', '0.97', '0.95', '0.9', '0.8'];
/** Pages of so many images are asked for until so many groups are there. */
const imagesAtOnce = 500;
const groupsAtOnce = 12;

interface Found extends Pick<DuplicatesPage, 'groups' | 'examined' | 'nextCursor'> {
  problem?: ApiProblem;
}

const nothing: Found = { groups: [], examined: 0 };

/** Groups of images that are nearly the same. */
export function DuplicatesView() {
  const t = texts.value;
  const threshold = address.value.get('threshold') ?? '0.97';
  return (
    <section class="page">
      <h1>{t.views.duplicates}</h1>
      <label class="count">
        {t.leastCosine}
        <select
          value={threshold}
          onChange={({ currentTarget }) => go(addressWith({ threshold: currentTarget.value }))}
        >
          {[...new Set([threshold, ...thresholds])].map((value) => (
            <option key={value}>{value}</option>
          ))}
        </select>
      </label>
      <Groups key={threshold} threshold={threshold} />
    </section>
  );
}

function Groups({ threshold }: { threshold: string }) {
  const t = texts.value;
  const [found, setFound] = useState<Found>();
  const [wanted, setWanted] = useState(groupsAtOnce);
  const { groups, examined, nextCursor: cursor, problem } = found ?? nothing;
  const isAsking = !problem && (!found || (cursor !== undefined && groups.length < wanted));
  useEffect(() => {
    if (!isAsking) return;
    const controller = new AbortController();
    const query = { threshold, limit: imagesAtOnce, cursor };
    ask<DuplicatesPage>('/v1/duplicates', { query, signal: controller.signal }).then(
      (page) =>
        setFound({ ...page, groups: [...groups, ...page.groups], examined: examined + page.examined }),
      (error: ApiProblem) => error.name !== 'AbortError' && setFound({ groups, examined, problem: error }),
    );
    return () => controller.abort();
  }, [found, isAsking]);
  const progress = t.duplicatesFound(formatCount(groups.length), formatCount(examined), isAsking);
  return (
    <>
      <p class={problem ? 'status bad' : 'status'} role="status">
        {problem ? problemText(problem) : progress}
      </p>
      {groups.map(({ images, isPartial }) => (
        <section key={images[0]?.id}>
          <h3>{t.sameImages(images.length, isPartial)}</h3>
          <Gallery hits={images.map(({ id, ...image }) => ({ imageId: id, ...image }))} isAsking={false} />
        </section>
      ))}
      {!isAsking && cursor !== undefined && (
        <button type="button" class="quiet" onClick={() => setWanted(groups.length + groupsAtOnce)}>
          {t.more}
        </button>
      )}
    </>
  );
}
