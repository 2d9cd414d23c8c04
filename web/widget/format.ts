import { count, text, type Locale } from './texts';
import type { Reward } from './types';

/** What Intl takes at most; a double has no more to say. */
const MOST_DIGITS = 20;
const TAGS: Record<Locale, string> = { de: 'de-DE', en: 'en-GB' };

/** Numbers, times and rewards as the locale writes them. */
export class Format {
  private readonly tag: string;

  constructor(private readonly locale: Locale) {
    this.tag = TAGS[locale];
  }

  /** With every digit that it has. */
  number(n: number): string {
    return new Intl.NumberFormat(this.tag, { maximumFractionDigits: MOST_DIGITS }).format(n);
  }

  /** As one types it: not in groups. */
  typed(n: number): string {
    return new Intl.NumberFormat(this.tag, { maximumFractionDigits: MOST_DIGITS, useGrouping: false }).format(n);
  }

  /** With its sign, for what came or went. */
  signed(n: number): string {
    return new Intl.NumberFormat(this.tag, { signDisplay: 'exceptZero' }).format(n);
  }

  points(n: number): string {
    return count(this.locale, 'points', n);
  }

  days(n: number): string {
    return count(this.locale, 'days', n);
  }

  /** A day, of an instant or of a calendar date, which has no zone. */
  date(iso: string): string {
    const isCalendar = /^\d{4}-\d{2}-\d{2}$/.test(iso);
    return new Intl.DateTimeFormat(this.tag, {
      dateStyle: 'medium',
      ...(isCalendar ? { timeZone: 'UTC' } : {}),
    }).format(new Date(iso));
  }

  dateTime(iso: string): string {
    return new Intl.DateTimeFormat(this.tag, { dateStyle: 'medium', timeStyle: 'short' }).format(new Date(iso));
  }

  time(at: Date): string {
    return new Intl.DateTimeFormat(this.tag, { timeStyle: 'short' }).format(at);
  }

  list(names: string[]): string {
    return new Intl.ListFormat(this.tag, { type: 'conjunction' }).format(names);
  }

  /** What there is to get, in two parts: how much of it, and under which terms. */
  reward(reward: Reward): { worth: string; terms: string } {
    if (reward.type === 'points') return { worth: this.points(reward.points ?? 0), terms: '' };
    const { kind, percent, amountMinor, currency, validDays, minimumOrderMinor } = reward.discount!;
    const worth =
      kind === 'percent'
        ? text(this.locale, 'reward.percent', { percent: this.percent(percent ?? 0) })
        : text(this.locale, 'reward.amount', { amount: this.money(amountMinor ?? 0, currency) });
    const minimum =
      minimumOrderMinor === undefined
        ? []
        : [text(this.locale, 'reward.minimum', { amount: this.money(minimumOrderMinor, currency) })];
    return { worth, terms: [text(this.locale, 'reward.code', { days: this.days(validDays) }), ...minimum].join(', ') };
  }

  private percent(percent: number): string {
    return new Intl.NumberFormat(this.tag, { style: 'percent' }).format(percent / 100);
  }

  private money(minor: number, currency = 'EUR'): string {
    const format = new Intl.NumberFormat(this.tag, { style: 'currency', currency });
    return format.format(minor / 10 ** (format.resolvedOptions().maximumFractionDigits ?? 2));
  }
}
