import { texts as catalogue } from '../../web/console/pages/catalogue/texts';
import { texts as figures } from '../../web/console/pages/figures/texts';
import { texts as offers } from '../../web/console/pages/offers/texts';
import { texts as oversight } from '../../web/console/pages/oversight/texts';
import { texts as parts } from '../../web/console/parts/texts';
import { texts as frames } from '../../web/console/texts';

/** Everything in the console that counts something, said of so many. */
function saidOf(n: string, locale: 'de' | 'en'): string[] {
  const { job } = parts[locale];
  const { points, pointsLeft, codesLeft, keptFor, budgetRuns, perCustomerHint } = offers[locale];
  const { category, special } = oversight[locale].record;
  return [
    points(n),
    pointsLeft(n, n),
    codesLeft(n, n),
    keptFor(n),
    budgetRuns(n),
    perCustomerHint(n, n),
    category('Diet', n),
    special('Diet', n),
    catalogue[locale].attributes.days(n),
    job.of(n, n),
    job.failedSome(n),
    frames[locale].problems.tooManyHint(Number(n)),
  ];
}

describe('what the console counts', () => {
  it.each([
    ['de', /\b1 (Punkte|Codes|Tage|Zusagen|Personen|Sekunden)/],
    ['en', /\b1 (points|codes|days|shares|times|persons|seconds)/],
  ] as const)('is one where there is one, and several where there are several (%s)', (locale, several) => {
    expect(saidOf('1', locale).filter((text) => several.test(text))).toEqual([]);
    const ofMany = new RegExp(several.source.replace('1 ', '2 '));
    expect(saidOf('2', locale).filter((text) => !ofMany.test(text))).toEqual([]);
  });

  it.each([
    ['de', '1 Punkt', '1,5 Punkte', '1,5 Punkten'],
    ['en', '1 point', '1.5 points', '1.5 points'],
  ] as const)('is so in the sentence beside a figure as well (%s)', (locale, one, several, ofSeveral) => {
    const { units, ofUnits, burnDown, costs, liability, cohorts } = figures[locale];
    const [half = ''] = several.split(' ');
    expect([units.points('1'), units.points(half)]).toEqual([one, several]);
    expect([ofUnits.points('1'), ofUnits.points(half)]).toEqual([one, ofSeveral]);
    expect(burnDown.summaryForecast({ perDay: ofUnits.points(half), emptyOn: '' })).toContain(ofSeveral);
    expect(costs.summaryOne({ dearest: 'A', dearestPoints: '1' })).toContain(`${one} `);
    expect(costs.summaryOne({ dearest: 'A', dearestPoints: half })).toContain(several);
    expect(liability.summaryNever({ total: '1' })).toContain(`${one}${locale === 'de' ? '.' : ' '}`);
    const months = (n: string): string => cohorts.summaryBest({ month: '', months: n, share: '' });
    expect(months('1')).toMatch(/ 1 (Monat|month) /);
    expect(months('2')).toMatch(/ 2 (Monaten|months) /);
  });
});
