import { createContext, use, useEffect, useMemo, useState, type ReactNode } from 'react';
import { browserMemory } from '../shared/memory';
import { formatsOf, type Formats } from './format';

export const LOCALES = ['de', 'en'] as const;
export type Locale = (typeof LOCALES)[number];

/** The same texts in both languages; a text with something to put in is a function. */
export type Texts<T> = Record<Locale, T>;

interface LocaleState {
  locale: Locale;
  setLocale: (locale: Locale) => void;
}

const KEPT_AS = 'gegenwert.console.locale';
const LocaleContext = createContext<LocaleState | null>(null);

/** What was chosen last, else the browser's language. */
function firstLocale(): Locale {
  const kept = browserMemory.read(KEPT_AS);
  if (kept === 'de' || kept === 'en') return kept;
  return navigator.language.toLowerCase().startsWith('de') ? 'de' : 'en';
}

export function LocaleProvider({ children }: { children: ReactNode }) {
  const [locale, setLocale] = useState(firstLocale);
  useEffect(() => {
    document.documentElement.lang = locale;
    browserMemory.keep(KEPT_AS, locale);
  }, [locale]);
  const state = useMemo(() => ({ locale, setLocale }), [locale]);
  return <LocaleContext value={state}>{children}</LocaleContext>;
}

export function useLocale(): LocaleState {
  const state = use(LocaleContext);
  if (!state) throw new Error('There is no LocaleProvider around this');
  return state;
}

/** The texts in the language of the page. */
export function useText<T>(texts: Texts<T>): T {
  return texts[useLocale().locale];
}

/** Numbers, days and times as the language of the page writes them. */
export function useFormats(): Formats {
  return formatsOf(useLocale().locale);
}
