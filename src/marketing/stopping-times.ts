import type { Statement, Tx } from '../platform/database';
import type { StoppingTimes, StoppingTimesView } from './programme-figures.dto';
import { FEW, partsOf } from './suppression';

const percentiles = (column: string): string =>
  ['p50', 'p95']
    .map((name) => `percentile_cont(0.${name.slice(1)}) WITHIN GROUP (ORDER BY ${column}) AS ${column}_${name}`)
    .concat(`count(DISTINCT customer_id) FILTER (WHERE ${column} IS NOT NULL)::int AS ${column}_persons`)
    .join(', ');

const TIMES: Statement = {
  name: 'stopping_times',
  // The row without a week is of all of them. Told counts where there was somebody to tell.
  text: `WITH programme AS (
           SELECT time_zone, date_trunc('week', now() AT TIME ZONE time_zone) - make_interval(weeks => $2::int - 1) AS first
             FROM programmes WHERE id = $1),
         timed AS MATERIALIZED (
           SELECT to_char(r.blocked_at AT TIME ZONE (SELECT time_zone FROM programme), 'IYYY-"W"IW') AS week, r.customer_id,
                  s.microseconds / 1000.0 AS blocked, extract(epoch FROM r.erased_at - r.blocked_at) AS erased,
                  CASE WHEN EXISTS (SELECT FROM revocation_notices n WHERE n.programme_id = $1 AND n.revocation_id = r.id)
                       THEN extract(epoch FROM r.told_at - r.blocked_at) END AS told
             FROM revocation_stops s JOIN revocations r ON r.programme_id = $1 AND r.id = s.revocation_id
            WHERE s.programme_id = $1 AND r.blocked_at >= (SELECT first AT TIME ZONE time_zone FROM programme))
         SELECT week, count(*)::int AS revocations, count(DISTINCT customer_id)::int AS persons,
                ${['blocked', 'erased', 'told'].map(percentiles).join(', ')}
           FROM timed GROUP BY GROUPING SETS ((), (week))`,
};
const WEEKS: Statement = {
  name: 'weeks_until_now',
  text: `SELECT to_char(date_trunc('week', now() AT TIME ZONE time_zone) - make_interval(weeks => n), 'IYYY-"W"IW') AS week
           FROM programmes, generate_series($2::int - 1, 0, -1) n WHERE id = $1 ORDER BY n DESC`,
};

type Measure = 'blocked' | 'erased' | 'told';
type Row = { week: string | null; revocations: number; persons: number } & Record<
  `${Measure}_p50` | `${Measure}_p95`,
  number | null
> &
  Record<`${Measure}_persons`, number>;

/**
 * How soon customers' revocations held, were erased and told, by the week in which they were asked for.
 *
 * A week counts when at least 10 persons revoked in it; a week beside which the sum of all would tell of fewer is withheld as
 * well (see suppression). Times are shown where they are of at least 10 persons and their week is.
 */
export async function stoppingTimesOf(tx: Tx, count: number): Promise<StoppingTimesView> {
  const [weeks, rows] = await Promise.all([
    tx.query<{ week: string }>(WEEKS, [tx.programmeId, count]),
    tx.query<Row>(TIMES, [tx.programmeId, count]),
  ]);
  const rowOf = (week: string | null) => rows.find((row) => row.week === week);
  // Fewer persons than revocations: what ten revocations tell of two customers is told of nobody.
  const sizeOf = (row: Row | undefined): number => (row && row.persons >= FEW ? row.revocations : (row?.persons ?? 0));
  const { total, parts } = partsOf(
    sizeOf(rowOf(null)),
    weeks.map(({ week }) => sizeOf(rowOf(week))),
  );
  return {
    weeks: weeks.map(({ week }, n) => ({ week, revocations: parts[n]!, ...timesOf(rowOf(week), parts[n]?.value) })),
    all: { revocations: total, ...timesOf(rowOf(null), total.value) },
  };
}

function timesOf(row: Row | undefined, told: number | null | undefined): Omit<StoppingTimes, 'revocations'> {
  const time = (measure: Measure, percentile: 'p50' | 'p95'): number | null => {
    const value = row?.[`${measure}_${percentile}`];
    if (told == null || value == null || (row?.[`${measure}_persons`] ?? 0) < FEW) return null;
    return Math.round(value * 1000) / 1000;
  };
  return {
    blockedP50Ms: time('blocked', 'p50'),
    blockedP95Ms: time('blocked', 'p95'),
    erasedP50Seconds: time('erased', 'p50'),
    erasedP95Seconds: time('erased', 'p95'),
    toldP50Seconds: time('told', 'p50'),
    toldP95Seconds: time('told', 'p95'),
  };
}
