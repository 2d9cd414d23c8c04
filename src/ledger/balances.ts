import type { Statement, Tx } from '../platform/database';

/** Points of a customer, whole numbers. */
export interface Balance {
  /** Can be spent now. */
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
  // What is owed is found by the customer's own awards, not by scanning all that the programme owes.
  text: `SELECT coalesce((SELECT balance FROM accounts WHERE programme_id = $1 AND customer_id = $2 AND kind = 'available'), 0) AS available,
                coalesce((SELECT balance FROM accounts WHERE programme_id = $1 AND customer_id = $2 AND kind = 'held'), 0) AS held,
                coalesce((SELECT sum(w.points) FROM shares s
                            JOIN outbox o ON o.programme_id = $1 AND o.topic = 'points' AND o.id = s.id
                            JOIN awards w ON w.programme_id = $1 AND w.id = s.id
                           WHERE s.programme_id = $1 AND s.customer_id = $2), 0) AS pending,
                (SELECT coalesce(json_agg(json_build_object('points', l.points, 'on', l.expires_on) ORDER BY l.expires_on), '[]')
                   FROM (SELECT expires_on, sum(remaining) AS points FROM lots
                          WHERE programme_id = $1 AND customer_id = $2 AND remaining > 0 AND expires_on IS NOT NULL
                          GROUP BY expires_on) l) AS expiring`,
};

interface Row {
  available: string;
  pending: string;
  held: string;
  expiring: Balance['expiring'];
}

/** A customer's balance; that of someone who never had points is 0. */
export async function balanceOf(tx: Tx, customerId: string): Promise<Balance> {
  const [row] = await tx.query<Row>(BALANCE, [tx.programmeId, customerId]);
  if (!row) throw new Error('The balance statement answered no row');
  return {
    available: Number(row.available),
    pending: Number(row.pending),
    held: Number(row.held),
    expiring: row.expiring,
  };
}
