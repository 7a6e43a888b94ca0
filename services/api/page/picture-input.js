import { byId } from './dom.js';

/** A picture may be chosen, dropped anywhere on the page, or pasted. */
export function acceptPictures(onPicture) {
  const input = byId('file');
  const veil = byId('drop');
  const take = (files) => {
    const file = [...files].find(({ type }) => type.startsWith('image/')) ?? files[0];
    if (file) onPicture(file);
  };
  byId('choose').addEventListener('click', () => input.click());
  input.addEventListener('change', () => {
    take(input.files);
    // So that the same file can be chosen again.
    input.value = '';
  });
  document.addEventListener('paste', ({ clipboardData }) => take(clipboardData.files));
  document.addEventListener('dragover', (event) => {
    if (!event.dataTransfer.types.includes('Files')) return;
    event.preventDefault();
    veil.hidden = false;
  });
  document.addEventListener('dragleave', ({ relatedTarget }) => {
    if (relatedTarget === null) veil.hidden = true;
  });
  document.addEventListener('drop', (event) => {
    event.preventDefault();
    veil.hidden = true;
    take(event.dataTransfer.files);
  });
}
