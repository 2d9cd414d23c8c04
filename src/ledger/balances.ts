import type { Statement, Tx } from '../platform/database';

/** Points of a customer, whole numbers. */
export interface Balance {
  /** Can be spent now: also not what is left in lots whose day has passed and whose expiry is about to be booked. */
  available: number;
  /** Promised, and about to be booked. */
  pending: number;
  /** Set aside for orders. */
  held: number;
  /** What expires, on which day (the last on which it can be spent), soonest first. */
  expiring: { points: number; on: string }[];
}

const BALANCE: Statement = {
  name: 'balance',
  // What is owed is found by the customer's own awards, not by scanning all that the programme owes. Lots whose day has
  // passed are in the account until their expiry is booked, and cannot be spent.
  text: `WITH day AS (SELECT (CASE WHEN $3::timestamptz IS NULL THEN now() ELSE $3 END AT TIME ZONE time_zone)::date AS today FROM programmes WHERE id = $1),
              open AS (SELECT l.expires_on, sum(l.remaining) AS points FROM lots l
                        WHERE l.programme_id = $1 AND l.customer_id = $2 AND l.remaining > 0 AND l.expires_on IS NOT NULL
                        GROUP BY l.expires_on)
         SELECT coalesce((SELECT balance FROM accounts WHERE programme_id = $1 AND customer_id = $2 AND kind = 'available'), 0)
                  - coalesce((SELECT sum(o.points) FROM open o, day WHERE o.expires_on < day.today), 0) AS available,
                coalesce((SELECT balance FROM accounts WHERE programme_id = $1 AND customer_id = $2 AND kind = 'held'), 0) AS held,
                coalesce((SELECT sum(w.points) FROM shares s
                            JOIN outbox o ON o.programme_id = $1 AND o.topic = 'points' AND o.id = s.id
                            JOIN awards w ON w.programme_id = $1 AND w.id = s.id
                           WHERE s.programme_id = $1 AND s.customer_id = $2), 0)
                  + coalesce((SELECT sum(w.points) FROM awards w
                                JOIN LATERAL (SELECT FROM outbox o WHERE o.programme_id = $1 AND o.topic = 'points' AND o.id = w.id LIMIT 1) o ON true
                               WHERE w.programme_id = $1 AND w.customer_id = $2 AND w.share_id IS NULL), 0) AS pending,
                (SELECT coalesce(json_agg(json_build_object('points', o.points, 'on', o.expires_on) ORDER BY o.expires_on), '[]')
                   FROM open o, day WHERE o.expires_on >= day.today) AS expiring`,
};

interface Row {
  available: string;
  pending: string;
  held: string;
  expiring: Balance['expiring'];
}

/** A customer's balance by the clock of `at`, otherwise by now; that of someone who never had points is 0. */
export async function balanceOf(tx: Tx, customerId: string, at?: Date): Promise<Balance> {
  const [row] = await tx.query<Row>(BALANCE, [tx.programmeId, customerId, at ?? null]);
  if (!row) throw new Error('The balance statement answered no row');
  return {
    available: Number(row.available),
    pending: Number(row.pending),
    held: Number(row.held),
    expiring: row.expiring,
  };
}
