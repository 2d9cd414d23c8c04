import type { Statement, Tx } from '../platform/database';

/** Two sides that must say the same: each is a view of the schema `reconciliation`, which is empty when they do. */
export const COMPARISONS = [
  'budgets_and_awards',
  'awards_and_ledger',
  'awards_and_codes',
  'redemptions_and_ledger',
  'balances_and_lots',
  'balances_and_transfers',
] as const;
export type Comparison = (typeof COMPARISONS)[number];

/** Differences of one comparison that are named; how many there are is counted. */
const NAMED = 100;

/** Something that two sides say differently. */
export interface Difference {
  /** In words, with both figures. */
  what: string;
  /** uuids, or numbers of accounts and customers, by what they are ids of. */
  ids: Partial<Record<'offer' | 'award' | 'transfer' | 'redemption', string> & Record<'account' | 'customer', number>>;
}

export interface Compared {
  comparison: Comparison;
  differences: number;
  /** The first of them. */
  named: Difference[];
}

const statementOf = (comparison: Comparison): Statement => ({
  name: `differences_of_${comparison}`,
  text: `SELECT what, ids, count(*) OVER ()::int AS differences FROM reconciliation.${comparison} WHERE programme_id = $1 LIMIT $2`,
});

/**
 * Holds what one side of a programme's books says against the other. Reads all of both: seconds for millions of awards. Each
 * comparison is of one moment, whatever is shared and booked meanwhile.
 */
export async function compare(tx: Tx, comparison: Comparison): Promise<Compared> {
  const rows = await tx.query<Difference & { differences: number }>(statementOf(comparison), [tx.programmeId, NAMED]);
  return {
    comparison,
    differences: rows[0]?.differences ?? 0,
    named: rows.map(({ what, ids }) => ({ what, ids })),
  };
}

const OUTSTANDING: Statement = {
  name: 'outstanding_points_in_all',
  text: 'SELECT coalesce(-sum(balance), 0)::float8 AS points FROM accounts WHERE programme_id = $1 AND customer_id = 0',
};

/** Points that a programme's customers have, held ones as well: by its own few accounts, the other side of theirs. */
export async function outstandingPoints(tx: Tx): Promise<number> {
  const [row] = await tx.query<{ points: number }>(OUTSTANDING, [tx.programmeId]);
  return row?.points ?? 0;
}
