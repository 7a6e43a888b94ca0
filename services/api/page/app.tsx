import { effect } from '@preact/signals';
import type { ComponentType } from 'preact';
import { address, addressOf, view, viewNames, type ViewName } from './address.js';
import { isKeyWanted } from './api/ask.js';
import { can, forgetKey, isDescribed, mayWrite, model, session } from './api/service.js';
import { DuplicatesView } from './duplicates/duplicates-view.js';
import { Details } from './image/details.js';
import { KeyPrompt } from './key-prompt.js';
import { LabelsView } from './labels/labels-view.js';
import { language, texts } from './language/language.js';
import { remembered } from './remembered.js';
import { RunsView } from './runs/runs-view.js';
import { ReviewView } from './review/review-view.js';
import { PictureDrop } from './search/picture-input.js';
import { SearchView } from './search/search-view.js';

const themes = ['auto', 'light', 'dark'] as const;
const theme = remembered('theme', themes, 'auto');
const themeSigns = { auto: '◐', light: '☀', dark: '☾' } as const;

effect(() => {
  document.documentElement.dataset['theme'] = theme.value;
});
effect(() => {
  const query = address.value.get('q');
  const shown = query ?? (view.value === 'search' ? '' : texts.value.views[view.value]);
  document.title = shown ? `${shown} · ${texts.value.title}` : texts.value.title;
});

/** Each view with what it needs of the service, and of the key: to claim an image for review is to write. */
const views: Record<ViewName, { needs: string; writes?: true; View: ComponentType }> = {
  search: { needs: 'post /v1/search', View: SearchView },
  duplicates: { needs: 'get /v1/duplicates', View: DuplicatesView },
  labels: { needs: 'post /v1/label-sets/preview', View: LabelsView },
  review: { needs: 'post /v1/reviews/claim', writes: true, View: ReviewView },
  runs: { needs: 'get /v1/runs', View: RunsView },
};

export function App() {
  const t = texts.value;
  const shown = viewNames.filter((name) => can(views[name].needs) && (mayWrite.value || !views[name].writes));
  const { View } = views[shown.find((name) => name === view.value) ?? 'search'];
  return (
    <>
      <header class="bar">
        <a class="brand" href="#" aria-label={t.title}>
          <img src="icon.svg" alt="" width="26" height="26" />
          <span>{t.title}</span>
        </a>
        <nav aria-label={t.navigation}>
          {shown.map((name) => (
            <a
              key={name}
              href={name === 'search' ? '#' : addressOf({ view: name })}
              aria-current={view.value === name ? 'page' : undefined}
            >
              {t.views[name]}
            </a>
          ))}
        </nav>
        <Switches />
      </header>
      <main>{isKeyWanted.value ? <KeyPrompt /> : isDescribed.value && <View key={language.value} />}</main>
      <footer class="model">
        {model.value && `${t.model} ${model.value.name} · ${model.value.fingerprint.slice(0, 12)}`}
      </footer>
      {isDescribed.value && !isKeyWanted.value && <Details />}
      <PictureDrop />
    </>
  );
}

function Switches() {
  const t = texts.value;
  const nextTheme = themes[(themes.indexOf(theme.value) + 1) % themes.length] as (typeof themes)[number];
  const other = language.value === 'zh' ? 'en' : 'zh';
  return (
    <div class="switches">
      {session.value.asksForKey && session.value.caller && (
        <button
          type="button"
          class="quiet"
          onClick={() => void forgetKey()}
          title={session.value.caller.name}
        >
          {t.leave}
        </button>
      )}
      <button type="button" class="quiet" lang={other} onClick={() => (language.value = other)}>
        {t.otherLanguage}
      </button>
      <button
        type="button"
        class="quiet"
        aria-label={t.theme[theme.value]}
        title={t.theme[theme.value]}
        onClick={() => (theme.value = nextTheme)}
      >
        {themeSigns[theme.value]}
      </button>
    </div>
  );
}
