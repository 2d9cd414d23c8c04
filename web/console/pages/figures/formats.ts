import { formatsOf, type Formats as PageFormats } from '../../format';
import type { Locale } from '../../locale';
import type { Count } from './shapes';
import { texts } from './texts';

/** How the figures are written in one language, beyond what all pages write. */
export interface Formats extends PageFormats {
  /** With at most one decimal. */
  tenths: (value: number) => string;
  /** Short, for axes: 1.2k. */
  compact: (value: number) => string;
  shortDay: (day: string) => string;
  /** Of `2026-11`. */
  month: (yearAndMonth: string) => string;
  count: (count: Count) => string;
  /** In the largest unit that it fills. */
  duration: (milliseconds: number) => string;
  shortDuration: (milliseconds: number) => string;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** Each unit is used from its length on, up to that of the one above it. */
const UNITS = [
  ['day', 24 * HOUR],
  ['hour', HOUR],
  ['minute', MINUTE],
  ['second', 1000],
  ['millisecond', 1],
] as const;

export function figureFormatsOf(locale: Locale): Formats {
  const tag = locale === 'de' ? 'de-DE' : 'en-GB';
  const tenths = new Intl.NumberFormat(tag, { maximumFractionDigits: 1 });
  const compact = new Intl.NumberFormat(tag, { notation: 'compact', maximumFractionDigits: 1 });
  const shortDay = new Intl.DateTimeFormat(tag, { day: 'numeric', month: 'short', timeZone: 'UTC' });
  const month = new Intl.DateTimeFormat(tag, { month: 'short', year: 'numeric', timeZone: 'UTC' });
  const common = formatsOf(locale);
  return {
    ...common,
    tenths: (value) => tenths.format(value),
    compact: (value) => compact.format(value),
    shortDay: (day) => shortDay.format(new Date(`${day}T00:00:00Z`)),
    month: (yearAndMonth) => month.format(new Date(`${yearAndMonth}-01T00:00:00Z`)),
    count: ({ value, fewerThan = 10, withheld }) => {
      if (value !== null) return common.number(value);
      return withheld ? texts[locale].withheld : `<${fewerThan}`;
    },
    duration: (milliseconds) => durationText(tag, milliseconds, 'long'),
    shortDuration: (milliseconds) => durationText(tag, milliseconds, 'short'),
  };
}

function durationText(tag: string, milliseconds: number, unitDisplay: 'long' | 'short'): string {
  const [unit, length] = UNITS.find(([, from]) => milliseconds >= from) ?? ['millisecond', 1];
  const value = milliseconds / length;
  const maximumFractionDigits = value < 10 ? 1 : 0;
  return new Intl.NumberFormat(tag, { style: 'unit', unit, unitDisplay, maximumFractionDigits }).format(value);
}
