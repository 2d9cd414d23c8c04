import type { Statement, Tx } from '../platform/database';
import type { TrialBalanceView } from './accounting.dto';

export const ACCOUNTS = ['available', 'held', 'issued', 'redeemed', 'expired', 'reversed'] as const;

const BALANCES: Statement = {
  name: 'trial_balance',
  text: `WITH later AS MATERIALIZED (
           SELECT debit_account, credit_account, sum(points) AS points FROM transfers
            WHERE programme_id = $1 AND booked_at >= $2 GROUP BY 1, 2)
         SELECT kind, sum(points)::text AS balance FROM (
           SELECT kind, balance AS points FROM accounts WHERE programme_id = $1
           UNION ALL
           SELECT a.kind, l.points FROM later l JOIN accounts a ON a.programme_id = $1 AND a.id = l.debit_account
           UNION ALL
           SELECT a.kind, -l.points FROM later l JOIN accounts a ON a.programme_id = $1 AND a.id = l.credit_account) b
          GROUP BY kind`,
};

/**
 * The balance of each kind of account by all that was booked before `at`, or until now, and their sum, which is 0. It reads
 * the balances of all accounts; for a time that has passed also every transfer since.
 */
export async function trialBalanceOf(tx: Tx, at: Date | undefined): Promise<TrialBalanceView> {
  const rows = await tx.query<{ kind: string; balance: string }>(BALANCES, [tx.programmeId, at ?? null]);
  const balances = new Map(rows.map(({ kind, balance }) => [kind, BigInt(balance)]));
  const sum = [...balances.values()].reduce((all, balance) => all + balance, 0n);
  return {
    ...(at === undefined ? {} : { at: at.toISOString() }),
    accounts: ACCOUNTS.map((kind) => ({
      kind,
      of: kind === 'available' || kind === 'held' ? 'customers' : 'programme',
      balance: Number(balances.get(kind) ?? 0n),
    })),
    sum: Number(sum),
  };
}
