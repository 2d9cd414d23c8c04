import type { TransferKind } from '../ledger';
import type { Statement, Tx } from '../platform/database';
import { invalidField } from '../platform/problem';
import type { MovementsQuery, MovementsView, PeriodMovements } from './accounting.dto';

/** More than a year of days, twenty years of months. */
const MOST_PERIODS = { day: 400, month: 240 };
const FORMATS = { day: 'YYYY-MM-DD', month: 'YYYY-MM' };

const BOUNDS: Statement = {
  name: 'bounds_of_days',
  text: `SELECT d.first::text AS "from", d.last::text AS "to", p.time_zone AS "timeZone",
                d.first::timestamp AT TIME ZONE p.time_zone AS begins, (d.last + 1)::timestamp AT TIME ZONE p.time_zone AS ends
           FROM programmes p CROSS JOIN LATERAL (
             SELECT coalesce($2::date, date_trunc('year', now() AT TIME ZONE p.time_zone)::date) AS first,
                    coalesce($3::date, (now() AT TIME ZONE p.time_zone)::date) AS last) d
          WHERE p.id = $1`,
};
const MOVED: Statement = {
  name: 'moved_by_period',
  // The programme's own accounts are the other side of all that customers have. One statement, so one moment.
  text: `SELECT (SELECT coalesce(-sum(balance), 0) FROM accounts WHERE programme_id = $1 AND customer_id = 0) AS outstanding,
                (SELECT coalesce(sum(points), 0) FROM redemptions WHERE programme_id = $1 AND status = 'held') AS held,
                (SELECT coalesce(json_agg(m), '[]') FROM (
                   SELECT CASE WHEN booked_at < $3 THEN to_char(booked_at AT TIME ZONE $4, $5) END AS period, kind,
                          kind = 'capture' AND cause <> id AS "wasHeld", sum(points) AS points
                     FROM transfers WHERE programme_id = $1 AND booked_at >= $2 GROUP BY 1, 2, 3) m) AS moved`,
};

interface Bounds {
  /** Days, YYYY-MM-DD. */
  from: string;
  to: string;
  timeZone: string;
  begins: Date;
  ends: Date;
}
interface Moved {
  /** Null: after the last one. */
  period: string | null;
  kind: TransferKind;
  wasHeld: boolean;
  points: number;
}

type Figures = Omit<PeriodMovements, 'period'>;

/**
 * What came in and went out in each day or month, in the programme's time zone, with the points outstanding before and after:
 * from what there is now, back over what was booked since the first day. It reads every transfer since then, and none before.
 *
 * @throws 422 where the days are in the wrong order, or too many.
 */
export async function movementsOf(tx: Tx, query: MovementsQuery): Promise<MovementsView> {
  const [bounds] = await tx.query<Bounds>(BOUNDS, [tx.programmeId, query.from ?? null, query.to ?? null]);
  if (!bounds) throw new Error('The programme of this transaction is not there');
  const { from, to, timeZone } = bounds;
  if (to < from) throw invalidField('/to', 'to must not be before from');
  const periods = periodsOf(from, to, query.period);
  const values = [tx.programmeId, bounds.begins, bounds.ends, timeZone, FORMATS[query.period]];
  const [now] = await tx.query<{ outstanding: string; held: string; moved: Moved[] }>(MOVED, values);
  if (!now) throw new Error('The movements statement answered no row');
  let opening = Number(now.outstanding) - changeOf(now.moved).outstanding;
  let held = Number(now.held) - changeOf(now.moved).held;
  const figuresOf = (moved: Moved[]): Figures => {
    const figures = figuresFrom(moved, opening, held);
    opening = figures.closing;
    held = figures.held;
    return figures;
  };
  const within = now.moved.filter((one) => one.period !== null);
  const total = figuresFrom(within, opening, held);
  const data = periods.map((name) => ({ period: name, ...figuresOf(within.filter((one) => one.period === name)) }));
  return { from, to, timeZone, data, total };
}

function periodsOf(from: string, to: string, period: 'day' | 'month'): string[] {
  const length = period === 'day' ? 10 : 7;
  const periods: string[] = [];
  const next = new Date(`${from.slice(0, length)}${period === 'day' ? '' : '-01'}T00:00:00Z`);
  for (;;) {
    const name = next.toISOString().slice(0, length);
    if (name > to.slice(0, length)) return periods;
    if (periods.length === MOST_PERIODS[period]) {
      throw invalidField('/to', `must be within ${MOST_PERIODS[period]} ${period}s of from`);
    }
    periods.push(name);
    if (period === 'day') next.setUTCDate(next.getUTCDate() + 1);
    else next.setUTCMonth(next.getUTCMonth() + 1);
  }
}

const sumOf = (moved: Moved[], is: (one: Moved) => boolean): number =>
  moved.filter(is).reduce((sum, { points }) => sum + points, 0);
const of = (moved: Moved[], kind: TransferKind): number => sumOf(moved, (one) => one.kind === kind);

function figuresFrom(moved: Moved[], opening: number, held: number): Figures {
  const change = changeOf(moved);
  const [captured, refunded] = [of(moved, 'capture'), of(moved, 'refund')];
  return {
    opening,
    issued: of(moved, 'award'),
    captured,
    refunded,
    spent: captured - refunded,
    expired: of(moved, 'expiry'),
    reversed: of(moved, 'reversal'),
    forfeited: of(moved, 'forfeit'),
    closing: opening + change.outstanding,
    setAside: of(moved, 'hold'),
    released: of(moved, 'release'),
    held: held + change.held,
  };
}

/** What holds, releases and merges do to the points outstanding is nothing. */
function changeOf(moved: Moved[]): { outstanding: number; held: number } {
  const gone = sumOf(moved, ({ kind }) => ['capture', 'expiry', 'reversal', 'forfeit'].includes(kind));
  return {
    outstanding: of(moved, 'award') + of(moved, 'refund') - gone,
    held: of(moved, 'hold') - of(moved, 'release') - sumOf(moved, ({ wasHeld }) => wasHeld),
  };
}
