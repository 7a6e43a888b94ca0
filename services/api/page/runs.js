import { listFailures, listRuns } from './api.js';
import { byId, element } from './dom.js';
import { formatCount, formatDuration, formatTime } from './format.js';

const statusTexts = { listing: '列举中', running: '进行中', finished: '已完成', cancelled: '已取消' };
/** In the order of the bar. */
const shares = [
  ['embedded', '已嵌入'],
  ['unchanged', '未变化'],
  ['failed', '失败'],
  ['pending', '等待中'],
];
const pollEveryMs = 2_000;
const pageSize = 20;

let timer;
let nextCursor;
/** Of each run its element, so that what is open stays open when the numbers change. */
const cards = new Map();

/** Shows the runs and keeps the newest page fresh while one of them is open, until `hideRuns`. */
export async function showRuns() {
  clearTimeout(timer);
  timer = undefined;
  const isOpen = await refresh();
  if (isOpen && !byId('runs-view').hidden) timer = setTimeout(showRuns, pollEveryMs);
}

export function hideRuns() {
  clearTimeout(timer);
}

export async function showMoreRuns() {
  try {
    const page = await listRuns({ limit: pageSize, cursor: nextCursor });
    byId('runs').append(...page.runs.map(card));
    setNext(page.nextCursor);
  } catch (error) {
    byId('runs-status').textContent = error.message;
  }
}

async function refresh() {
  const status = byId('runs-status');
  try {
    const page = await listRuns({ limit: pageSize });
    status.textContent = page.runs.length === 0 ? '还没有任务。用 tuhai run 开始第一个。' : '';
    const fresh = page.runs.filter(({ id }) => !cards.has(id));
    page.runs.map(card);
    byId('runs').prepend(...fresh.map(({ id }) => cards.get(id).root));
    if (byId('runs').childElementCount <= pageSize) setNext(page.nextCursor);
    return page.runs.some(({ status: s }) => s === 'listing' || s === 'running');
  } catch (error) {
    status.textContent = error.message;
    return true;
  }
}

function setNext(cursor) {
  nextCursor = cursor;
  byId('more-runs').hidden = cursor === undefined;
}

/** The run's element, with its present numbers. */
function card(run) {
  const known = cards.get(run.id) ?? newCard(run.id);
  cards.set(run.id, known);
  known.head.replaceChildren(
    element('span', { className: 'number' }, `#${run.id}`),
    element(
      'span',
      { className: 'badge', dataset: { status: run.status } },
      statusTexts[run.status] ?? run.status,
    ),
    element('span', { className: 'source', title: run.source }, run.source),
  );
  known.bar.replaceChildren(...shares.map(([name]) => segment(name, run)));
  known.bar.ariaLabel = shares.map(([name, label]) => `${label} ${run[name]}`).join('，');
  known.counts.replaceChildren(
    element('li', {}, element('b', {}, formatCount(run.listed)), ' 已列举'),
    ...shares.map(([name, label]) =>
      element('li', { dataset: { share: name } }, element('b', {}, formatCount(run[name])), ` ${label}`),
    ),
  );
  known.when.textContent = `${run.model.name} · ${formatTime(run.startedAt)} · ${formatDuration(run.startedAt, run.finishedAt)}`;
  known.failures.hidden = run.failed === 0;
  return known.root;
}

function segment(name, run) {
  const share = element('span', { dataset: { share: name } });
  share.style.flexGrow = String(run[name]);
  return share;
}

function newCard(id) {
  const head = element('div', { className: 'head' });
  const bar = element('div', { className: 'progress', role: 'img' });
  const counts = element('ul', { className: 'counts' });
  const when = element('div', { className: 'when' });
  const failures = failureList(id);
  return {
    root: element('li', { className: 'run' }, head, bar, counts, when, failures),
    head,
    bar,
    counts,
    when,
    failures,
  };
}

/** Asks for the failures once they are wanted, a page at a time. */
function failureList(id) {
  const list = element('ol', { className: 'failures' });
  const more = element('button', { type: 'button', className: 'quiet' }, '更多');
  const details = element('details', { hidden: true }, element('summary', {}, '失败的图片'), list, more);
  let cursor;
  const load = async () => {
    more.disabled = true;
    try {
      const page = await listFailures(id, cursor ? { limit: 100, cursor } : { limit: 100 });
      list.append(...page.failures.map(failureRow));
      cursor = page.nextCursor;
      more.hidden = cursor === undefined;
    } catch (error) {
      list.append(element('li', {}, error.message));
    }
    more.disabled = false;
  };
  more.addEventListener('click', load);
  details.addEventListener('toggle', () => {
    if (!details.open) return;
    cursor = undefined;
    list.replaceChildren();
    void load();
  });
  return details;
}

const failureRow = ({ key, code, message, retryable }) =>
  element(
    'li',
    {},
    element('code', {}, code),
    element('span', { className: 'key' }, key),
    element('span', { className: 'message' }, retryable ? `${message}（可重试）` : message),
  );
