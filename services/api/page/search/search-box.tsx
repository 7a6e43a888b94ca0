import { useEffect, useRef } from 'preact/hooks';
import { address, addressWith, go } from '../address.js';
import { texts } from '../language/language.js';
import { PictureButton } from './picture-input.js';

export function SearchBox() {
  const input = useRef<HTMLInputElement>(null);
  const t = texts.value;
  useEffect(() => {
    const focus = (event: KeyboardEvent) => {
      const isWriting = (event.target as HTMLElement).matches('input, textarea, select, dialog *');
      if (event.key !== '/' || isWriting) return;
      event.preventDefault();
      input.current?.focus();
      input.current?.select();
    };
    document.addEventListener('keydown', focus);
    return () => document.removeEventListener('keydown', focus);
  }, []);
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const q = input.current?.value.trim();
    go(addressWith({ q, similar: undefined, upload: undefined }));
  };
  return (
    <form class="box" role="search" onSubmit={submit}>
      <input
        ref={input}
        type="search"
        name="q"
        // Another search, another text; what is being written stays meanwhile.
        key={address.value.get('q') ?? ''}
        defaultValue={address.value.get('q') ?? ''}
        maxlength={1000}
        autocomplete="off"
        enterkeyhint="search"
        placeholder={t.searchFor}
        aria-label={t.searchLabel}
      />
      <PictureButton />
      <button type="submit" class="main">
        {t.search}
      </button>
    </form>
  );
}
