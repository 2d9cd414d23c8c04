import { de } from './de';
import { en } from './en';

export type Locale = 'de' | 'en';
export type Key = keyof typeof de;
export type Texts = Record<Key, string>;
/** Of what there is a text for one and a text for several. */
export type CountKey = Key extends infer K ? (K extends `${infer Stem}.one` ? Stem : never) : never;
type Fill = Record<string, string | number>;

const TEXTS: Record<Locale, Texts> = { de, en };

/** The language that is spoken for a tag of BCP 47: German for de and its regions, else English. */
export const localeOf = (tag: string | null | undefined): Locale =>
  tag?.toLowerCase().split('-')[0] === 'de' ? 'de' : 'en';

/** A text in the locale, its placeholders filled in. */
export function text(locale: Locale, key: Key, fill: Fill = {}): string {
  return TEXTS[locale][key].replace(/\{(\w+)\}/g, (whole, name: string) => String(fill[name] ?? whole));
}

/** As `text`, by number: `{n}` is the number as it is written in the locale. */
export function count(locale: Locale, key: CountKey, n: number, fill: Fill = {}): string {
  const form = n === 1 ? 'one' : 'other';
  return text(locale, `${key}.${form}` as Key, { n: new Intl.NumberFormat(locale).format(n), ...fill });
}
