import { getModel, searchBy, searchByFile } from './api.js';
import { showDetails } from './details.js';
import { byId, element } from './dom.js';
import { picture, showHits } from './gallery.js';
import { acceptPictures } from './picture-input.js';
import { hideRuns, showMoreRuns, showRuns } from './runs.js';

const examples = ['苹果', '红色的汽车', '下雨', '在海边', '戴帽子的人', '小猫'];
const form = byId('search-form');
const field = (name) => form.elements.namedItem(name);

/** What is shown stands in the address, so that back, reload and links work; only an uploaded picture cannot. */
const address = () => new URLSearchParams(location.hash.slice(1));
let uploaded;
let asking = new AbortController();

function go(state) {
  const hash = `#${new URLSearchParams(state)}`;
  if (location.hash === hash) void show();
  else location.hash = hash;
}

function filtersOf(state) {
  const filter = Object.fromEntries(['prefix', 'label'].map((n) => [n, state.get(n)]).filter(([, v]) => v));
  return { k: Number(state.get('k') ?? 60), ...(Object.keys(filter).length > 0 && { filter }) };
}

/** The form's filters, as they go into the address: only those that are set. */
function chosenFilters() {
  const chosen = [...new FormData(form)].filter(([name, value]) => name !== 'q' && value !== '');
  return Object.fromEntries(chosen.filter(([name, value]) => name !== 'k' || value !== '60'));
}

async function show() {
  const state = address();
  const showsRuns = state.get('view') === 'runs';
  byId('search-view').hidden = showsRuns;
  byId('runs-view').hidden = !showsRuns;
  byId('nav-runs').ariaCurrent = showsRuns ? 'page' : null;
  byId('nav-search').ariaCurrent = showsRuns ? null : 'page';
  byId('details').close();
  if (showsRuns) return showRuns();
  hideRuns();
  return search(state);
}

async function search(state) {
  asking.abort();
  asking = new AbortController();
  const query = queryOf(state);
  field('q').value = state.get('q') ?? '';
  for (const name of ['prefix', 'label']) field(name).value = state.get(name) ?? '';
  field('k').value = state.get('k') ?? '60';
  document.title = query?.title ? `${query.title} · 图海` : '图海';
  byId('search-view').classList.toggle('home', query === undefined);
  byId('welcome').hidden = query !== undefined;
  byId('asked').hidden = !query?.picture;
  byId('asked').replaceChildren(...(query?.picture ? [askedPicture(query)] : []));
  if (!query) {
    byId('gallery').replaceChildren();
    say('');
    return;
  }
  await answer(query, filtersOf(state), asking.signal);
}

function queryOf(state) {
  const similar = Number(state.get('similar'));
  if (state.get('q')) {
    const text = state.get('q');
    return { title: text, ask: (options, signal) => searchBy({ text, ...options }, signal) };
  }
  if (similar > 0) {
    const ask = (options, signal) => searchBy({ imageId: similar, ...options }, signal);
    return { title: '相似图片', picture: `/v1/images/${similar}/thumbnail`, ask };
  }
  if (state.has('upload') && uploaded) {
    const { file, url } = uploaded;
    return { title: '以图搜图', picture: url, ask: (options, signal) => searchByFile(file, options, signal) };
  }
  return undefined;
}

const askedPicture = (query) =>
  element(
    'div',
    { className: 'chip' },
    picture(query.picture),
    element('span', {}, '与这张图片相似'),
    element('a', { className: 'quiet button', href: '#', ariaLabel: '清除' }, '✕'),
  );

async function answer(query, options, signal) {
  say('正在搜索…');
  byId('gallery').ariaBusy = 'true';
  try {
    const { hits } = await query.ask(options, signal);
    showHits(byId('gallery'), hits, (hit) => showDetails(byId('details'), hit));
    say(hits.length > 0 ? `最相似的 ${hits.length} 张` : options.filter ? nothingPasses : nothingStored);
  } catch (error) {
    if (error.name === 'AbortError') return;
    byId('gallery').replaceChildren();
    say(error.message, 'bad');
  }
  byId('gallery').ariaBusy = 'false';
}

const nothingPasses = '没有符合筛选条件的图片。';
/** Unfiltered, every image of the model is some hit. */
const nothingStored = '当前模型还没有图片向量，请先用 tuhai run 嵌入图片。';

function say(message, kind = '') {
  byId('status').textContent = message;
  byId('status').className = `status ${kind}`;
}

function searchByPicture(file) {
  if (uploaded) URL.revokeObjectURL(uploaded.url);
  uploaded = { file, url: URL.createObjectURL(file) };
  go({ upload: String(Date.now()), ...chosenFilters() });
}

function submit() {
  const text = field('q').value.trim();
  const filters = chosenFilters();
  const state = address();
  if (text) go({ q: text, ...filters });
  else if (state.has('similar')) go({ similar: state.get('similar'), ...filters });
  else if (state.has('upload')) go({ upload: state.get('upload'), ...filters });
}

form.addEventListener('submit', (event) => {
  event.preventDefault();
  submit();
});
field('k').addEventListener('change', submit);
byId('more-runs').addEventListener('click', showMoreRuns);
byId('examples').replaceChildren(
  ...examples.map((text) =>
    element('li', {}, element('a', { href: `#${new URLSearchParams({ q: text })}` }, text)),
  ),
);
byId('details').addEventListener('click', ({ target, currentTarget }) => {
  // Of the dialog itself only its backdrop is not covered by something.
  if (target === currentTarget) currentTarget.close();
});
acceptPictures(searchByPicture);
window.addEventListener('hashchange', show);
if (address().has('prefix') || address().has('label')) form.querySelector('details').open = true;
void show();
getModel().then(
  ({ name, fingerprint }) => (byId('model').textContent = `模型 ${name} · ${fingerprint.slice(0, 12)}`),
  (error) => (byId('model').textContent = error.message),
);
