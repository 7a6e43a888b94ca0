import { computed, effect } from '@preact/signals';
import { remembered } from '../remembered.js';
import { english } from './english.js';
import { chinese, type Texts } from './chinese.js';

const languages = { zh: chinese, en: english } as const satisfies Record<string, Texts>;
export type Language = keyof typeof languages;

export const language = remembered<Language>(
  'language',
  ['zh', 'en'],
  navigator.language.toLowerCase().startsWith('zh') ? 'zh' : 'en',
);

/** The page's words, in the language that was chosen. */
export const texts = computed<Texts>(() => languages[language.value]);

export const locale = computed(() => (language.value === 'zh' ? 'zh-CN' : 'en'));

effect(() => {
  document.documentElement.lang = locale.value;
});
