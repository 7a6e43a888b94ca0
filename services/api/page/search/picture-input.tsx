import { signal } from '@preact/signals';
import { useEffect, useRef, useState } from 'preact/hooks';
import { addressOf, go } from '../address.js';
import { texts } from '../language/language.js';

/** The picture that was given last. It cannot stand in the address, so a reload forgets it. */
export const uploaded = signal<{ file: File; url: string } | undefined>(undefined);

function take(files: FileList | undefined | null): void {
  const file = [...(files ?? [])].find(({ type }) => type.startsWith('image/')) ?? files?.[0];
  if (!file) return;
  if (uploaded.value) URL.revokeObjectURL(uploaded.value.url);
  uploaded.value = { file, url: URL.createObjectURL(file) };
  go(addressOf({ upload: Date.now() }));
}

export function PictureButton() {
  const input = useRef<HTMLInputElement>(null);
  const t = texts.value;
  return (
    <>
      <button type="button" class="quiet" title={t.byPictureTitle} onClick={() => input.current?.click()}>
        {t.byPicture}
      </button>
      <input
        ref={input}
        type="file"
        accept="image/*"
        hidden
        onChange={({ currentTarget }) => {
          take(currentTarget.files);
          // So that the same file can be chosen again.
          currentTarget.value = '';
        }}
      />
    </>
  );
}

/** Takes pictures that are dropped anywhere on the page, or pasted. */
export function PictureDrop() {
  const [isOver, setOver] = useState(false);
  useEffect(() => {
    document.addEventListener('paste', ({ clipboardData }) => take(clipboardData?.files));
    document.addEventListener('dragover', (event) => {
      if (!event.dataTransfer?.types.includes('Files')) return;
      event.preventDefault();
      setOver(true);
    });
    document.addEventListener('dragleave', ({ relatedTarget }) => {
      if (relatedTarget === null) setOver(false);
    });
    document.addEventListener('drop', (event) => {
      event.preventDefault();
      setOver(false);
      take(event.dataTransfer?.files);
    });
  }, []);
  return isOver ? <div class="drop">{texts.value.drop}</div> : null;
}
