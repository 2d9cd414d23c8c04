import type { Locale } from '../../locale';
import type { Formats } from './formats';
import type { AttributeCosts, BurnDown, Cohorts, Funnel, Liability, StoppingTimes } from './shapes';
import type { FigureWords as Words } from './texts';

export function funnelSummary({ steps, from, to }: Funnel, words: Words, formats: Formats): string {
  const persons = (wanted: string) => {
    const step = steps.find((one) => one.step === wanted);
    return step ? formats.count(step.persons) : '0';
  };
  const said = words.funnel.summary({
    from: formats.day(from),
    to: formats.day(to),
    offered: persons('offered'),
    shared: persons('shared'),
    granted: persons('granted'),
    revoked: persons('revoked'),
  });
  const [offered, shared] = steps.map((step) => step.persons.value);
  if (!offered || shared === null || shared === undefined) return said;
  return `${said} ${words.funnel.summaryShare({ share: formats.number(Math.round((100 * shared) / offered)) })}`;
}

export function burnDownSummary({ unit, budget, days, forecast }: BurnDown, words: Words, formats: Formats): string {
  const { units, ofUnits } = words;
  const spent = days.reduce((sum, day) => sum + (day.spent ?? 0), 0);
  if (budget === null) return words.burnDown.summaryOpen({ spent: units[unit](formats.number(spent)) });
  const left = days.findLast((day) => day.left !== null)?.left ?? budget;
  if (left <= 0) return words.burnDown.summaryEmpty;
  const said = words.burnDown.summaryLeft({
    left: formats.number(left),
    budget: ofUnits[unit](formats.number(budget)),
  });
  if (forecast.emptyOn === null || forecast.perDay === null) return `${said} ${words.burnDown.summaryLasting}`;
  const until = { perDay: ofUnits[unit](formats.tenths(forecast.perDay)), emptyOn: formats.day(forecast.emptyOn) };
  return `${said} ${words.burnDown.summaryForecast(until)}`;
}

export function cohortsSummary({ cohorts }: Cohorts, words: Words, formats: Formats): string {
  if (cohorts.length === 0) return words.nothingYet;
  const known = cohorts.flatMap(({ month, kept }) =>
    kept.flatMap(({ monthsAfter, share }) => (share === null ? [] : [{ month, monthsAfter, share }])),
  );
  const furthest = known.toSorted((one, other) => other.monthsAfter - one.monthsAfter)[0];
  if (furthest === undefined || furthest.monthsAfter === 0) return words.cohorts.summary;
  const best = {
    month: formats.month(furthest.month),
    months: formats.number(furthest.monthsAfter),
    share: formats.percent(furthest.share),
  };
  return `${words.cohorts.summary} ${words.cohorts.summaryBest(best)}`;
}

export function costsSummary({ attributes }: AttributeCosts, words: Words, formats: Formats, locale: Locale): string {
  const known = attributes
    .flatMap(({ title, pointsPerUsable }) =>
      pointsPerUsable === null ? [] : [{ title: title[locale], points: pointsPerUsable }],
    )
    .toSorted((one, other) => other.points - one.points);
  const [dearest] = known;
  const cheapest = known.at(-1);
  if (dearest === undefined || cheapest === undefined) return words.costs.summaryNone;
  return words.costs[known.length === 1 ? 'summaryOne' : 'summary']({
    dearest: dearest.title,
    dearestPoints: formats.tenths(dearest.points),
    cheapest: cheapest.title,
    cheapestPoints: formats.tenths(cheapest.points),
  });
}

export function liabilitySummary({ months, total }: Liability, words: Words, formats: Formats): string {
  if (total === 0) return words.liability.summaryNone;
  const most = months.filter(({ month }) => month !== null).toSorted((one, other) => other.points - one.points)[0];
  if (!most?.month) return words.liability.summaryNever({ total: formats.number(total) });
  return words.liability.summary({
    total: formats.number(total),
    month: formats.month(most.month),
    points: formats.number(most.points),
  });
}

export function stoppingSummary({ weeks, all }: StoppingTimes, words: Words, formats: Formats): string {
  const steps = [
    [words.stopping.stepBlocked, all.blockedP50Ms, all.blockedP95Ms, 1],
    [words.stopping.stepErased, all.erasedP50Seconds, all.erasedP95Seconds, 1000],
    [words.stopping.stepTold, all.toldP50Seconds, all.toldP95Seconds, 1000],
  ] as const;
  const said = steps.flatMap(([step, p50, p95, length]) => {
    if (p50 === null || p95 === null) return [];
    const times = { p50: formats.duration(p50 * length), p95: formats.duration(p95 * length) };
    return [words.stopping.summaryStep({ step, ...times })];
  });
  const inWeeks = { weeks: formats.number(weeks.length) };
  if (said.length === 0) return words.stopping.summaryNone(inWeeks);
  return `${words.stopping.summary(inWeeks)} ${said.join(' ')}`;
}
