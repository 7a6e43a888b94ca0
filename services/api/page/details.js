import { getImage } from './api.js';
import { element } from './dom.js';
import { formatBytes, formatCosine, formatPercent, formatTime, splitKey } from './format.js';
import { picture, similarTo } from './gallery.js';

/** Opens the dialog on one hit: what the image is, and what the model says of it. */
export async function showDetails(dialog, hit) {
  const close = () => dialog.close();
  const facts = element('dl', { className: 'facts' }, ...fact('余弦相似度', formatCosine(hit.cosine)));
  const predictions = element('div', { className: 'predictions' });
  dialog.replaceChildren(
    element('button', { type: 'button', className: 'close quiet', ariaLabel: '关闭', onclick: close }, '✕'),
    element('div', { className: 'stage' }, picture(hit.thumbnail)),
    element(
      'div',
      { className: 'about' },
      element('h2', {}, splitKey(hit.key).name),
      element('p', { className: 'key' }, hit.key),
      element('a', { className: 'button main', href: similarTo(hit.imageId), onclick: close }, '找相似'),
      facts,
      predictions,
    ),
  );
  dialog.showModal();
  try {
    const image = await getImage(hit.imageId);
    facts.append(...factsOf(image));
    predictions.replaceChildren(...image.predictions.map(predictionList));
  } catch (error) {
    predictions.replaceChildren(element('p', { className: 'status bad' }, error.message));
  }
}

const fact = (name, value) => [element('dt', {}, name), element('dd', {}, value)];

const factsOf = (image) => [
  ...(image.width ? fact('尺寸', `${image.width} × ${image.height}`) : []),
  ...fact('格式', `${image.format ?? '未知'}，${formatBytes(image.sizeBytes)}`),
  ...fact('来源', image.source),
  ...fact('首次收录', formatTime(image.firstSeenAt)),
  ...(image.retiredAt ? fact('已移出', formatTime(image.retiredAt)) : []),
];

function predictionList({ labelSet, predictions }) {
  return element(
    'section',
    {},
    element('h3', {}, `标签 · ${labelSet}`),
    element('ol', {}, ...predictions.slice(0, 10).map(predictionRow)),
  );
}

function predictionRow({ label, cosine, probability }) {
  const filled = element('span');
  filled.style.width = formatPercent(probability);
  return element(
    'li',
    {},
    element('span', { className: 'label', title: label }, label),
    element('div', { className: 'share' }, filled),
    element('span', { className: 'number', title: '概率' }, formatPercent(probability)),
    element('span', { className: 'number soft', title: '余弦相似度' }, formatCosine(cosine)),
  );
}
