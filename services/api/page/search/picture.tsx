import { useState } from 'preact/hooks';
import { texts } from '../language/language.js';

/** A thumbnail, or words where there is none. */
export function Picture({ src, alt = '' }: { src: string; alt?: string }) {
  const [broken, setBroken] = useState('');
  if (broken === src) return <span class="broken">{texts.value.broken}</span>;
  return <img key={src} src={src} alt={alt} loading="lazy" decoding="async" onError={() => setBroken(src)} />;
}
