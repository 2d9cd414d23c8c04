import type { Statement, Tx } from '../platform/database';
import type { LiabilityView } from './accounting.dto';

const OUTSTANDING: Statement = {
  name: 'outstanding_points',
  // What is in lots and what is held now, by the lots that it is of, and of what was booked since, the opposite. Holding
  // points changes nothing; what becomes of a hold takes them from where they were held and puts them where they went.
  text: `WITH later AS MATERIALIZED (SELECT id, kind, cause FROM transfers WHERE programme_id = $1 AND booked_at >= $2),
         moved AS (
           SELECT l.expires_on, l.remaining AS points FROM lots l WHERE l.programme_id = $1 AND l.remaining > 0
           UNION ALL
           SELECT l.expires_on, -m.points FROM redemptions r
             JOIN lot_moves m ON m.programme_id = $1 AND m.transfer_id = r.id
             JOIN lots l ON l.programme_id = $1 AND l.customer_id = m.customer_id AND l.id = m.lot_id
            WHERE r.programme_id = $1 AND r.status = 'held'
           UNION ALL
           SELECT w.expires_on, -w.points FROM later t JOIN awards w ON w.programme_id = $1 AND w.id = t.id WHERE t.kind = 'award'
           UNION ALL
           SELECT l.expires_on, -m.points
             FROM (SELECT id FROM later WHERE kind NOT IN ('award', 'hold')
                   UNION ALL SELECT cause FROM later WHERE kind IN ('capture', 'release') AND cause <> id) t
             JOIN lot_moves m ON m.programme_id = $1 AND m.transfer_id = t.id
             JOIN lots l ON l.programme_id = $1 AND l.customer_id = m.customer_id AND l.id = m.lot_id)
         SELECT to_char(expires_on, 'YYYY-MM') AS month, sum(points)::text AS points FROM moved
          GROUP BY month HAVING sum(points) <> 0 ORDER BY month NULLS LAST`,
};
const RATE: Statement = {
  name: 'rate_of_liability',
  text: `SELECT version, points, amount_minor, currency, taxes FROM point_rates
          WHERE programme_id = $1 AND ($2::timestamptz IS NULL OR created_at < $2) ORDER BY version DESC LIMIT 1`,
};

interface RateRow {
  version: number;
  points: string;
  amount_minor: string;
  currency: string;
  taxes: 'net' | 'gross';
}

/**
 * What customers could still spend, by the month in which it ends, and what it is worth by the rate in force then: all that
 * was booked before `at`, or until now. It reads the open lots; for a time that has passed also every transfer since.
 *
 * Money is rounded down once, for all of it, as redeeming does; the months are shares of that and add up to it.
 */
export async function liabilityOf(tx: Tx, at: Date | undefined): Promise<LiabilityView> {
  const values = [tx.programmeId, at ?? null];
  const [months, [rate]] = await Promise.all([
    tx.query<{ month: string | null; points: string }>(OUTSTANDING, values),
    tx.query<RateRow>(RATE, values),
  ]);
  let upTo = 0n;
  const byExpiry = months.map(({ month, points }) => {
    const before = worth(upTo, rate);
    upTo += BigInt(points);
    return { month, points: Number(points), ...(rate ? { amountMinor: Number(worth(upTo, rate) - before) } : {}) };
  });
  return {
    ...(at === undefined ? {} : { at: at.toISOString() }),
    points: Number(upTo),
    ...(rate ? { value: valueOf(upTo, rate) } : {}),
    byExpiry,
  };
}

const worth = (points: bigint, rate: RateRow | undefined): bigint =>
  rate === undefined ? 0n : (points * BigInt(rate.amount_minor)) / BigInt(rate.points);

const valueOf = (points: bigint, rate: RateRow): LiabilityView['value'] => ({
  amountMinor: Number(worth(points, rate)),
  currency: rate.currency,
  taxes: rate.taxes,
  rateVersion: rate.version,
  rounding: 'down',
});
