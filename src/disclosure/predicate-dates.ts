import type { Environment } from '@marcbachmann/cel-js';

const DAY_MS = 86_400_000;
const DATE = /^(\d{4})-(\d\d)-(\d\d)(?=$|T)/;

/** Days since 1970-01-01, of the calendar: no time zone is left in it. */
const dayOf = (year: number, month: number, day: number): number => Date.UTC(year, month - 1, day) / DAY_MS;
const yearOf = (day: number): number => new Date(day * DAY_MS).getUTCFullYear();
/** 0 for Monday (ISO 8601); day 0 was a Thursday. */
const weekday = (day: number): number => (((day + 3) % 7) + 7) % 7;

interface CalendarDate {
  year: number;
  month: number;
  day: number;
}

function dateOf(text: string): CalendarDate {
  const [, year = 0, month = 0, day = 0] = (DATE.exec(text) ?? []).map(Number);
  const isReal = new Date(dayOf(year, month, day) * DAY_MS).toISOString().startsWith(text.slice(0, 10));
  if (!DATE.test(text) || !isReal) throw new Error('No date');
  return { year, month, day };
}

/** In a year without 29 February it is 1 March, as the law has it (§ 188(2) BGB: the year before is over then). */
const anniversary = ({ month, day }: CalendarDate, year: number): number => dayOf(year, month, day);

function daysUntilAnniversary(date: CalendarDate, today: number): number {
  const year = yearOf(today);
  const thisYear = anniversary(date, year);
  return (thisYear >= today ? thisYear : anniversary(date, year + 1)) - today;
}

function ageOf(date: CalendarDate, today: number): number {
  const year = yearOf(today);
  return year - date.year - (today < anniversary(date, year) ? 1 : 0);
}

function isAnniversaryThisWeek(date: CalendarDate, today: number): boolean {
  const monday = today - weekday(today);
  // A week can lie in two years.
  return [yearOf(monday), yearOf(monday + 6)].some((year) => {
    const at = anniversary(date, year);
    return at >= monday && at <= monday + 6;
  });
}

/** Names of the functions below. */
export const DATE_FUNCTIONS: ReadonlySet<string> = new Set([
  'today',
  'age',
  'daysUntil',
  'daysUntilAnniversary',
  'anniversaryThisWeek',
]);

/**
 * Adds functions over dates as text (YYYY-MM-DD, also the beginning of a date-time), all of them relative to one day, which
 * `today` is asked for at each evaluation: today(), age(d) in years, daysUntil(d), daysUntilAnniversary(d) from 0 on, and
 * anniversaryThisWeek(d), from Monday to Sunday.
 */
export function withDates(environment: Environment, today: () => string): Environment {
  const day = (): number => {
    const { year, month, day: ofMonth } = dateOf(today());
    return dayOf(year, month, ofMonth);
  };
  return environment
    .registerFunction('today(): string', today)
    .registerFunction('age(string): int', (text: string) => BigInt(ageOf(dateOf(text), day())))
    .registerFunction('daysUntil(string): int', (text: string) => {
      const { year, month, day: ofMonth } = dateOf(text);
      return BigInt(dayOf(year, month, ofMonth) - day());
    })
    .registerFunction('daysUntilAnniversary(string): int', (text: string) =>
      BigInt(daysUntilAnniversary(dateOf(text), day())),
    )
    .registerFunction('anniversaryThisWeek(string): bool', (text: string) =>
      isAnniversaryThisWeek(dateOf(text), day()),
    );
}
