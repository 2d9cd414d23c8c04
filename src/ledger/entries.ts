import type { Statement, Tx } from '../platform/database';

export type TransferKind =
  'award' | 'hold' | 'capture' | 'release' | 'refund' | 'expiry' | 'reversal' | 'forfeit' | 'merge';

/** What one transfer did to a customer's available points. */
export interface Entry {
  /** uuid */
  transferId: string;
  kind: TransferKind;
  /** uuid of what the transfer was made for: the award, the redemption … */
  cause: string;
  /** Whole points; below 0 where they left. */
  points: number;
  balanceAfter: number;
  bookedAt: Date;
}

const WALK: Statement = {
  name: 'walk_entries',
  // From the newest transfer, or from the one that the page before ended with, back over what each entry follows. The
  // account is joined to either, so that a transfer of another account is no place to start from. CASE, not coalesce:
  // under row-level security the planner takes coalesce for one that might leak, and reads every transfer for it.
  text: `WITH RECURSIVE walk AS (
           SELECT e.*, 1 AS step
             FROM accounts a JOIN entries e ON e.programme_id = $1 AND e.account_id = a.id AND e.transfer_id = CASE WHEN $3::uuid IS NULL THEN a.last_transfer ELSE $3 END
            WHERE a.programme_id = $1 AND a.customer_id = $2 AND a.kind = 'available' AND a.stripe = 0
           UNION ALL
           SELECT e.*, w.step + 1
             FROM walk w JOIN entries e ON e.programme_id = $1 AND e.account_id = w.account_id AND e.transfer_id = w.previous
            WHERE w.step < $4)
         SELECT transfer_id, kind, cause, points, balance_after, booked_at FROM walk ORDER BY step`,
};

interface Row {
  transfer_id: string;
  kind: TransferKind;
  cause: string;
  points: string;
  balance_after: string;
  booked_at: Date;
}

/**
 * Up to limit entries of a customer's available points, newest first; after: the transferId that the page before ended
 * with. Undefined when that is no transfer of this customer.
 */
export async function entriesOf(
  tx: Tx,
  customerId: string,
  { after, limit }: { after?: string; limit: number },
): Promise<Entry[] | undefined> {
  const steps = after === undefined ? limit : limit + 1;
  const rows = await tx.query<Row>(WALK, [tx.programmeId, customerId, after ?? null, steps]);
  if (after === undefined) return rows.map(entryOf);
  return rows.length === 0 ? undefined : rows.slice(1).map(entryOf);
}

const entryOf = (row: Row): Entry => ({
  transferId: row.transfer_id,
  kind: row.kind,
  cause: row.cause,
  points: Number(row.points),
  balanceAfter: Number(row.balance_after),
  bookedAt: row.booked_at,
});
