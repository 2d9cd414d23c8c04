import type { Locale } from './locale';

export interface Formats {
  number: (value: number) => string;
  /** 0.25 as 25 %. */
  percent: (share: number) => string;
  money: (minor: number, currency: string) => string;
  /** A time or a day (`2026-11-24`), as a day. */
  day: (at: string | Date) => string;
  /** A time, as day and time. */
  time: (at: string | Date) => string;
  list: (items: string[]) => string;
}

const made = new Map<Locale, Formats>();

export function formatsOf(locale: Locale): Formats {
  const formats = made.get(locale) ?? makeFormats(locale === 'de' ? 'de-DE' : 'en-GB');
  made.set(locale, formats);
  return formats;
}

function makeFormats(tag: string): Formats {
  const number = new Intl.NumberFormat(tag);
  const percent = new Intl.NumberFormat(tag, { style: 'percent', maximumFractionDigits: 1 });
  const day = new Intl.DateTimeFormat(tag, { dateStyle: 'medium' });
  const time = new Intl.DateTimeFormat(tag, { dateStyle: 'medium', timeStyle: 'short' });
  const list = new Intl.ListFormat(tag, { type: 'conjunction' });
  return {
    number: (value) => number.format(value),
    percent: (share) => percent.format(share),
    money: (minor, currency) => moneyIn(tag, minor, currency),
    day: (at) => whole(day.format(dateOf(at))),
    time: (at) => whole(time.format(dateOf(at))),
    list: (items) => list.format(items),
  };
}

/** A day is not broken over lines, as in narrow columns; between day and time it may be. */
const whole = (text: string): string => text.replaceAll(/(?<!,) /g, '\u00a0');

/** A day alone is that day wherever one reads it, not midnight in Greenwich. */
const dateOf = (at: string | Date): Date =>
  typeof at === 'string' && /^\d{4}-\d\d-\d\d$/.test(at) ? new Date(`${at}T00:00:00`) : new Date(at);

function moneyIn(tag: string, minor: number, currency: string): string {
  const format = new Intl.NumberFormat(tag, { style: 'currency', currency });
  return format.format(minor / 10 ** (format.resolvedOptions().maximumFractionDigits ?? 2));
}
