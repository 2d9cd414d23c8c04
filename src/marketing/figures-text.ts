import { csvRecord, text } from '../platform/csv';
import type {
  AttributeCostsView,
  BurnDownView,
  CohortsView,
  FunnelView,
  LiabilityFigures,
  StoppingTimes,
  StoppingTimesView,
} from './programme-figures.dto';
import { countCell } from './suppression';

/*
 * The figures as CSV (RFC 4180, UTF-8), a header first. "<10" stands for fewer than 10 persons, nothing for what is not told. New
 * columns come last: who reads them by place goes on to find the others.
 */

const lines = (...records: (string | number | null)[][]): string =>
  records.map((cells) => csvRecord(cells.map((cell) => cell ?? ''))).join('');

export const funnelCsv = ({ from, to, steps }: FunnelView): string =>
  lines(['step', 'persons', 'from', 'to'], ...steps.map(({ step, persons }) => [step, countCell(persons), from, to]));

/** The forecast has no day of its own: it is in JSON. */
export const burnDownCsv = ({ unit, budget, days }: BurnDownView): string =>
  lines(
    ['day', 'spent', 'left', 'unit', 'budget'],
    ...days.map(({ day, spent, left }) => [day, spent, left, unit, budget]),
  );

export const cohortsCsv = ({ cohorts }: CohortsView): string =>
  lines(
    ['month', 'given', 'monthsAfter', 'persons', 'share'],
    ...cohorts.flatMap(({ month, given, kept }) =>
      kept.map(({ monthsAfter, persons, share }) => [month, countCell(given), monthsAfter, countCell(persons), share]),
    ),
  );

export const attributeCostsCsv = ({ attributes }: AttributeCostsView): string =>
  lines(
    ['attribute', 'titleDe', 'titleEn', 'pointsPaid', 'usable', 'pointsPerUsable'],
    ...attributes.map(({ attribute, title, pointsPaid, usable, pointsPerUsable }) => [
      attribute,
      text(title.de),
      text(title.en),
      pointsPaid,
      countCell(usable),
      pointsPerUsable,
    ]),
  );

/** The last record is the total; points that do not expire are of the month `never`. */
export const liabilityCsv = ({ months, total }: LiabilityFigures): string =>
  lines(['month', 'points'], ...months.map(({ month, points }) => [month ?? 'never', points]), ['total', total]);

const TIMES = [
  'blockedP50Ms',
  'blockedP95Ms',
  'erasedP50Seconds',
  'erasedP95Seconds',
  'toldP50Seconds',
  'toldP95Seconds',
] as const;

/** The last record is of all weeks. */
export const stoppingTimesCsv = ({ weeks, all }: StoppingTimesView): string => {
  const cells = (week: string, times: StoppingTimes) => [
    week,
    countCell(times.revocations),
    ...TIMES.map((name) => times[name]),
  ];
  return lines(['week', 'revocations', ...TIMES], ...weeks.map((one) => cells(one.week, one)), cells('all', all));
};
