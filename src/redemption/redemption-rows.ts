import type { Statement, Tx } from '../platform/database';
import type { Redemption } from './decide';

/** As `redemption_json` (in the migrations) answers it. */
export type RedemptionJson = Omit<Redemption, 'heldUntil' | 'createdAt'> & {
  heldUntil: string | null;
  createdAt: string;
};

export const revived = (row: RedemptionJson): Redemption => ({
  ...row,
  heldUntil: row.heldUntil === null ? null : new Date(row.heldUntil),
  createdAt: new Date(row.createdAt),
});

const FIND: Statement = {
  name: 'find_redemptions',
  text: `SELECT redemption_json(r, p) AS row FROM redemptions r
           LEFT JOIN point_rates p ON p.programme_id = $1 AND p.version = r.rate_version
          WHERE r.programme_id = $1 AND r.id = ANY ($2)`,
};

/** Redemptions by their ids; those that are not there are left out. */
export async function findRedemptions(tx: Tx, ids: string[]): Promise<Redemption[]> {
  const rows = await tx.query<{ row: RedemptionJson }>(FIND, [tx.programmeId, ids]);
  return rows.map(({ row }) => revived(row));
}
