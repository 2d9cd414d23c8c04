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

/** customer: SQL of the customer's id. */
const balanceText = (customer: string): string =>
  // What is owed is found by the customer's own awards, not by scanning all that the programme owes. Lots whose day has
  // passed are in the account until their expiry is booked, and cannot be spent.
  `WITH day AS (SELECT (CASE WHEN $3::timestamptz IS NULL THEN now() ELSE $3 END AT TIME ZONE time_zone)::date AS today FROM programmes WHERE id = $1),
        open AS (SELECT l.expires_on, sum(l.remaining) AS points FROM lots l
                  WHERE l.programme_id = $1 AND l.customer_id = ${customer} AND l.remaining > 0 AND l.expires_on IS NOT NULL
                  GROUP BY l.expires_on)
   SELECT coalesce((SELECT balance FROM accounts WHERE programme_id = $1 AND customer_id = ${customer} AND kind = 'available'), 0)
            - coalesce((SELECT sum(o.points) FROM open o, day WHERE o.expires_on < day.today), 0) AS available,
          coalesce((SELECT balance FROM accounts WHERE programme_id = $1 AND customer_id = ${customer} AND kind = 'held'), 0) AS held,
          coalesce((SELECT sum(w.points) FROM shares s
                      JOIN outbox o ON o.programme_id = $1 AND o.topic = 'points' AND o.id = s.id
                      JOIN awards w ON w.programme_id = $1 AND w.id = s.id
                     WHERE s.programme_id = $1 AND s.customer_id = ${customer}), 0)
            + coalesce((SELECT sum(w.points) FROM awards w
                          JOIN LATERAL (SELECT FROM outbox o WHERE o.programme_id = $1 AND o.topic = 'points' AND o.id = w.id LIMIT 1) o ON true
                         WHERE w.programme_id = $1 AND w.customer_id = ${customer} AND w.share_id IS NULL), 0) AS pending,
          (SELECT coalesce(json_agg(json_build_object('points', o.points, 'on', o.expires_on) ORDER BY o.expires_on), '[]')
             FROM open o, day WHERE o.expires_on >= day.today) AS expiring`;

const BALANCE: Statement = { name: 'balance', text: balanceText('$2') };
const BALANCE_BY_REF: Statement = {
  name: 'balance_by_ref',
  text: balanceText('(SELECT id FROM customers WHERE programme_id = $1 AND ref = $2)'),
};

interface Row {
  available: string;
  pending: string;
  held: string;
  expiring: Balance['expiring'];
}

/** A customer's balance by the clock of `at`, otherwise by now; that of someone who never had points is 0. */
export function balanceOf(tx: Tx, customerId: string, at?: Date): Promise<Balance> {
  return read(tx, BALANCE, customerId, at);
}

/** The same of one who is named by their reference, whom nobody need know: one round trip less for what is asked most. */
export function balanceOfRef(tx: Tx, customerRef: string): Promise<Balance> {
  return read(tx, BALANCE_BY_REF, customerRef);
}

async function read(tx: Tx, statement: Statement, customer: string, at?: Date): Promise<Balance> {
  const [row] = await tx.query<Row>(statement, [tx.programmeId, customer, at ?? null]);
  if (!row) throw new Error('The balance statement answered no row');
  return {
    available: Number(row.available),
    pending: Number(row.pending),
    held: Number(row.held),
    expiring: row.expiring,
  };
}
