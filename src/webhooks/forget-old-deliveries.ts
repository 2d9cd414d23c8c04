import type { Statement, Tx } from '../platform/database';

const FORGET: Statement = {
  name: 'forget_webhook_deliveries',
  text: `DELETE FROM webhook_deliveries WHERE ctid = ANY (ARRAY(SELECT ctid FROM webhook_deliveries
           WHERE programme_id = $1 AND created_at < now() - interval '30 days' LIMIT $2)) RETURNING true`,
};

/**
 * Forgets up to limit deliveries, with their attempts, that are older than 30 days, whatever became of them. What a
 * recipient is owed is in its notices. Answers how many: fewer than limit, and there are no more.
 */
export async function forgetOldDeliveries(tx: Tx, limit: number): Promise<number> {
  return (await tx.query(FORGET, [tx.programmeId, limit])).length;
}
