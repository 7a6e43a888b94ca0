import { element } from './dom.js';
import { formatCosine, splitKey } from './format.js';

/** One tile a hit. `onOpen(hit)` shows it; a link leads to the images like it. */
export function showHits(list, hits, onOpen) {
  list.replaceChildren(...hits.map((hit) => tile(hit, onOpen)));
}

function tile(hit, onOpen) {
  const { folder, name } = splitKey(hit.key);
  return element(
    'li',
    { className: 'tile' },
    element(
      'button',
      {
        type: 'button',
        className: 'open',
        title: hit.key,
        ariaLabel: `查看 ${hit.key}`,
        onclick: () => onOpen(hit),
      },
      picture(hit.thumbnail),
    ),
    element(
      'div',
      { className: 'caption' },
      element('div', { className: 'name', title: hit.key }, name),
      element('div', { className: 'folder', title: hit.key }, folder || '\u00a0'),
      element(
        'div',
        { className: 'row' },
        element('span', { className: 'score', title: '余弦相似度' }, formatCosine(hit.cosine)),
        element('a', { href: similarTo(hit.imageId), ariaLabel: `找与 ${hit.key} 相似的图片` }, '找相似'),
      ),
    ),
  );
}

export const similarTo = (imageId) => `#${new URLSearchParams({ similar: String(imageId) })}`;

/** A thumbnail, or words where there is none. */
export function picture(src) {
  const image = element('img', { src, alt: '', loading: 'lazy', decoding: 'async' });
  image.addEventListener('error', () =>
    image.replaceWith(element('span', { className: 'broken' }, '无法显示')),
  );
  return image;
}
